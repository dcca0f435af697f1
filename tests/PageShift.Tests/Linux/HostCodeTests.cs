using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PageShift.Linux.Execution;
using PageShift.Linux.Interop;
using Xunit;

namespace PageShift.Tests.Linux;

public sealed class HostCodeTests
{
    [Fact]
    public void The_machine_code_is_what_the_assembler_makes_of_the_source()
    {
        string directory = Directory.CreateTempSubdirectory("pageshift-host").FullName;
        try
        {
            string source = Repository.Path("src/PageShift.Linux/Execution/host.s");
            string assembled = Path.Combine(directory, "host.o");
            string code = Path.Combine(directory, "host.bin");
            Run("as", "--64", "-o", assembled, source);
            Run("objcopy", "-O", "binary", "-j", ".text", assembled, code);

            Assert.Equal(File.ReadAllBytes(code), HostCode.Bytes.ToArray());
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void The_structures_that_the_kernel_reads_have_its_sizes()
    {
        Assert.Equal(104, Unsafe.SizeOf<MapQuery>());
        Assert.Equal(96, Unsafe.SizeOf<PageMapScanArgument>());
        Assert.Equal(24, Unsafe.SizeOf<PageRegion>());
        Assert.Equal(SignalAction.Bytes, Unsafe.SizeOf<SignalAction>());
        Assert.Equal(64, Unsafe.SizeOf<PerfEventAttribute>());
        Assert.Equal(0xe0, Marshal.SizeOf<HostControl>());
    }

    private static void Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, errors);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"the program '{program}' is not installed");
        }
    }
}
