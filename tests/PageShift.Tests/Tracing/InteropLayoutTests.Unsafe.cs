using System.Globalization;
using PageShift.Linux.Interop;
using PageShift.Linux.Tracing.Interop;
using Xunit;

namespace PageShift.Tests.Tracing;

/// <summary>The structures that the kernel and the C library fill in have the sizes that a C compiler gives them.
/// Unsafe only for <c>sizeof</c>.</summary>
public sealed unsafe class InteropLayoutTests
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
                printf("%zu %zu %zu %zu ", sizeof(struct user_regs_struct), sizeof(struct ptrace_syscall_info), sizeof(struct iovec), sizeof(struct sigaction));
                printf("%zu %zu %zu %zu ", sizeof(posix_spawnattr_t), sizeof(sigset_t), sizeof(struct sock_filter), sizeof(struct sock_fprog));
                printf("%zu %zu %zu", offsetof(struct user_regs_struct, orig_rax), offsetof(struct user_regs_struct, cs), offsetof(struct sigaction, sa_flags));
                return 0;
            }
            """);
        Registers registers;
        ChildSignal.Action action;
        long[] ours =
        [
            sizeof(Registers), sizeof(SystemCallStop), sizeof(RemoteMemory.IoVector), sizeof(ChildSignal.Action),
            Spawn.AttributesBytes, Spawn.SignalSetBytes, SeccompFilter.InstructionBytes, StubImage.FilterHeaderBytes,
            (byte*)&registers.OrigRax - (byte*)&registers, (byte*)&registers.Cs - (byte*)&registers, (byte*)&action.Flags - (byte*)&action,
        ];

        (int status, string output) = CProgram.Run(program.Path);

        Assert.Equal(0, status);
        Assert.Equal(output.Split(' ').Select(text => long.Parse(text, CultureInfo.InvariantCulture)), ours);
    }

    // The headers of a distribution can be older than the request; its number holds the size.
    [Fact]
    public void The_page_scan_s_structures_have_the_sizes_of_the_kernel_s_interface()
    {
        Assert.Equal((96, 24), (sizeof(PageMapScan.Argument), sizeof(PageMapScan.Region)));
    }
}
