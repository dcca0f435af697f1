namespace PageShift.Memory.Kernel;

/// <summary>The kernel that this process runs on.</summary>
internal static class SystemKernel
{
    /// <summary>Linux where it runs, else the C library's memory.</summary>
    internal static IMemoryKernel Instance { get; } = Open();

    private static IMemoryKernel Open() => (OperatingSystem.IsLinux() || OperatingSystem.IsAndroid()) && LinuxKernel.TryOpen() is { } linux ? linux : new PortableKernel();
}
