using System.Diagnostics;
using Xunit;

namespace PageShift.Tests.ForeignMmu;

/// <summary>A PC without devices, emulated by QEMU in software, which runs the stub once.</summary>
internal static class Guest
{
    private const string Program = "qemu-system-x86_64";
    private const int ExitStatus = (GuestLayout.ExitValue << 1) | 1; // how QEMU's debug-exit device reports the value written to its port
    /// <summary>Skips the test where there is no QEMU.</summary>
    internal static void OrSkip() => Assert.SkipWhen(Find() is null, $"{Program} is not installed (Debian's package qemu-system-x86).");

    /// <summary>Runs the stub on <paramref name="memory"/> to its end.</summary>
    /// <exception cref="InvalidOperationException">It came to no end, or to another one.</exception>
    internal static void Run(StubRom stub, GuestMemory memory)
    {
        string firmware = memory.PathOf("firmware");
        File.WriteAllBytes(firmware, stub.Image);
        string[] arguments =
        [
            "-machine", "pc,accel=tcg,memory-backend=ram", "-cpu", "max", "-m", $"{GuestLayout.MemoryLength >> 20}M",
            "-object", $"memory-backend-file,id=ram,size={GuestLayout.MemoryLength},mem-path={memory.Path},share=on",
            "-bios", firmware, "-device", $"isa-debug-exit,iobase={GuestLayout.ExitPort},iosize=1",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        ];
        using var process = Process.Start(new ProcessStartInfo(Find()!, arguments) { RedirectStandardError = true, RedirectStandardInput = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        bool ended = process.WaitForExit(HangGuard.Limit);
        if (!ended)
            process.Kill();
        process.WaitForExit();
        if (!ended || process.ExitCode != ExitStatus)
            throw new InvalidOperationException($"{Program} {(ended ? $"ended with {process.ExitCode}" : "came to no end")}: {errors.Result}");
    }

    private static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(folder => Path.Combine(folder, Program)).FirstOrDefault(File.Exists);
}
