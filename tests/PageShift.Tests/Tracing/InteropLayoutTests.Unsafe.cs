using System.Globalization;
using System.Runtime.InteropServices;
using PageShift.Linux.Interop;
using PageShift.Linux.Tracing;
using Xunit;

namespace PageShift.Tests.Tracing;

/// <summary>The structures that the kernel and the C library fill in have the sizes that a C compiler gives them.
/// Unsafe only for <c>sizeof</c>.</summary>
public sealed unsafe partial class InteropLayoutTests
{
    [Fact]
    public void Every_structure_has_the_size_that_the_C_compiler_gives_it()
    {
        using var program = new CProgram("""
            #include <linux/filter.h>
            #include <linux/ptrace.h>
            #include <spawn.h>
            #include <stddef.h>
            #include <sys/uio.h>
            #include <sys/user.h>
            int main(void)
            {
                printf("%zu %zu %zu ", sizeof(struct user_regs_struct), sizeof(struct ptrace_syscall_info), sizeof(struct iovec));
                printf("%zu %zu %zu %zu %zu ", sizeof(posix_spawnattr_t), sizeof(posix_spawn_file_actions_t), sizeof(sigset_t), sizeof(struct sock_filter), sizeof(struct sock_fprog));
                printf("%zu %zu", offsetof(struct user_regs_struct, orig_rax), offsetof(struct user_regs_struct, cs));
                return 0;
            }
            """);
        Registers registers;
        long[] ours =
        [
            sizeof(Registers), sizeof(SystemCallStop), sizeof(IoVector),
            Kernel.SpawnAttributesBytes, Kernel.SpawnActionsBytes, Kernel.SpawnSignalSetBytes, SeccompFilter.InstructionBytes, StubImage.FilterHeaderBytes,
            (byte*)&registers.OrigRax - (byte*)&registers, (byte*)&registers.Cs - (byte*)&registers,
        ];

        (int status, string output) = CProgram.Run(program.Path);

        Assert.Equal(0, status);
        Assert.Equal(output.Split(' ').Select(text => long.Parse(text, CultureInfo.InvariantCulture)), ours);
    }

    // The headers of a distribution can be older than the request; its number holds the size.
    [Fact]
    public void The_page_scan_s_structures_have_the_sizes_of_the_kernel_s_interface()
    {
        Assert.Equal((96, 24), (sizeof(PageMapScanArgument), sizeof(PageRegion)));
    }

    // Programs can't include the kernel's own structure beside the C library's, which has the flags behind a mask of 128 bytes.
    [Fact]
    public void A_signal_s_action_is_read_as_the_C_library_reads_it()
    {
        const int flagsOffset = sizeof(ulong) + 128;
        byte* action = stackalloc byte[152];

        Assert.Equal(0, ReadAction(Signals.Child, null, action));
        Assert.False(Kernel.RtSigactionGet(Signals.Child, out SignalAction own).IsError);

        Assert.Equal((*(ulong*)action, *(uint*)(action + flagsOffset)), (own.Handler, (uint)own.Flags));
        Assert.NotEqual(0U, (uint)own.Flags);
    }

    [LibraryImport("libc", EntryPoint = "sigaction")]
    private static partial int ReadAction(int signal, byte* action, byte* former);
}
