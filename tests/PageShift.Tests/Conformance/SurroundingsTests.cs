using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.Physical;
using PageShift.Tests.Tracing;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Conformance;

/// <summary>Rules that depend on what a log can't set up: a mount that forbids execution, the kernel's own mappings, privileges. Each is a list of results, which a C program has to
/// give on the running kernel and the engine in the same surroundings.</summary>
public sealed class SurroundingsTests
{
    private const string Report = """
        static void tell(long result) { puts(result >= 0 ? "OK" : strerrorname_np(errno)); }
        #define TELL(call) tell((long)(call) == -1 ? -1 : 0)

        """;

    private static readonly VirtualAddress Place = new(0x10000000);

    [Fact]
    public void A_file_of_a_mount_without_execution_can_t_be_mapped_executable_nor_become_so()
    {
        string[] expected = ["EPERM", "OK", "EACCES", "OK"];
        using var program = new CProgram(Report + """
            #include <sys/mount.h>
            int main(int argc, char **argv)
            {
                if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("none", "/mnt", "tmpfs", MS_NOEXEC, NULL) != 0)
                    return 77;
                int fd = open("/mnt/file", O_RDWR | O_CREAT, 0700);
                if (ftruncate(fd, 8192) != 0)
                    return 1;
                TELL(mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0));
                void *readable = mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
                TELL(readable);
                TELL(mprotect(readable, 4096, PROT_READ | PROT_EXEC));
                TELL(mprotect(readable, 4096, PROT_READ | PROT_WRITE));
                return 0;
            }
            """);
        AssertKernelGives(expected, program);

        using var memory = new PhysicalMemory();
        using var space = new AddressSpace(memory);
        var file = new OpenFile(new MemoryObject(memory, MemoryObjectKind.Memory, new ByteLength(8192))) { ForbidsExecution = true };
        var page = new ByteLength(4096);
        string[] given =
        [
            NameOf(space.Map(Place, page, Protection.Read | Protection.Execute, MapFlags.Private | MapFlags.Fixed, file)),
            NameOf(space.Map(Place, page, Protection.Read, MapFlags.Private | MapFlags.Fixed, file)),
            NameOf(space.Protect(Place, page, Protection.Read | Protection.Execute)),
            NameOf(space.Protect(Place, page, Protection.Read | Protection.Write)),
        ];
        Assert.Equal(expected, given);
    }

    [Fact]
    public void The_kernels_own_mapping_moves_whole_and_does_not_grow()
    {
        string[] expected = ["EINVAL", "EFAULT", "OK"];
        using var program = new CProgram(Report + """
            int main(void)
            {
                unsigned long start = 0, end = 0;
                char line[512];
                FILE *maps = fopen("/proc/self/maps", "r");
                while (fgets(line, sizeof line, maps))
                    if (strstr(line, "[vdso]"))
                        sscanf(line, "%lx-%lx", &start, &end);
                if (end - start < 8192)
                    return 77;
                void *vdso = (void *)start, *free_place = ANON(1 << 20);
                munmap(free_place, 1 << 20);
                TELL(mremap(vdso, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, free_place));
                TELL(mremap(vdso, end - start, end - start, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0));
                TELL(mremap(vdso, end - start, end - start + 4096, MREMAP_MAYMOVE));
                TELL(mremap(vdso, end - start, end - start, MREMAP_MAYMOVE | MREMAP_FIXED, free_place));
                return 0;
            }
            """);
        // That a part can't move is the mapping's own rule, which the engine, having no code of the kernel's to show, has not.
        AssertKernelGives(["EINVAL", .. expected], program);

        using var space = new AddressSpace();
        var length = new ByteLength(8192);
        VmFlags flags = VmFlags.Read | VmFlags.Execute | VmFlags.MayRead | VmFlags.MayWrite | VmFlags.MayExecute | VmFlags.DontExpand | VmFlags.DontDump;
        space.AdoptMapping(new AddressRange(Place, length), flags, null, null);
        var elsewhere = new VirtualAddress(0x20000000);
        string[] given =
        [
            NameOf(space.Remap(Place, length, length, RemapFlags.MayMove | RemapFlags.DontUnmap)),
            NameOf(space.Remap(Place, length, length + new ByteLength(4096), RemapFlags.MayMove)),
            NameOf(space.Remap(Place, length, length, RemapFlags.MayMove | RemapFlags.Fixed, elsewhere)),
        ];
        Assert.Equal(expected, given);
    }

    [Fact]
    public void Who_may_lock_memory_is_not_bound_by_the_limit()
    {
        string[] expected = ["OK", "OK", "OK", "OK"];
        using var program = new CProgram(Report + """
            #include <sys/resource.h>
            int main(void)
            {
                struct rlimit none = { 0, 0 };
                if (setrlimit(RLIMIT_MEMLOCK, &none) != 0)
                    return 1;
                TELL(mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0));
                TELL(mlock(ANON(8192), 8192));
                TELL(mlockall(MCL_FUTURE));
                TELL(mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
                return 0;
            }
            """);
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "The rule is one for root.");
        AssertKernelGives(expected, program);

        using var space = new AddressSpace(new AddressSpaceOptions { IsPrivileged = true, MinimumAddress = VirtualAddress.Zero });
        space.Limits = space.Limits with { Locked = default };
        MapFlags anonymous = MapFlags.Private | MapFlags.Anonymous;
        var page = new ByteLength(4096);
        VirtualAddress second = space.Map(VirtualAddress.Zero, page, Protection.Read | Protection.Write, anonymous).Address;
        string[] given =
        [
            NameOf(space.Map(VirtualAddress.Zero, page, Protection.Read, anonymous | MapFlags.Locked)),
            NameOf(space.Lock(second, page)),
            NameOf(space.LockAll(LockAllFlags.Future)),
            NameOf(space.Map(VirtualAddress.Zero, page, Protection.Read, anonymous | MapFlags.Fixed)),
        ];
        Assert.Equal(expected, given);
    }

    private static void AssertKernelGives(string[] expected, CProgram program)
    {
        (int status, string output) = CProgram.Run(program.Path);
        Assert.SkipWhen(status == 77, "This user or this kernel can't set the surroundings up.");
        Assert.Equal(expected, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(0, status);
    }

    private static string NameOf(CallResult result) => result.IsError ? ErrnoName.Of(result.Error) : "OK";
}
