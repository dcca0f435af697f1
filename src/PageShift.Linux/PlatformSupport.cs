using System.Runtime.InteropServices;

namespace PageShift.Linux;

/// <summary>Where this library's work is possible: Linux on x86-64.</summary>
public static class PlatformSupport
{
    /// <summary>Null on Linux x86-64; elsewhere one sentence that says what is missing.</summary>
    public static string? MissingReason =>
        !OperatingSystem.IsLinux() ? $"this needs Linux; the system here is {RuntimeInformation.OSDescription}"
        : RuntimeInformation.ProcessArchitecture != Architecture.X64 ? $"this needs an x86-64 process; this one is {RuntimeInformation.ProcessArchitecture}"
        : null;
}
