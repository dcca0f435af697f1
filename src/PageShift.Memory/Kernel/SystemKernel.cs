namespace PageShift.Memory.Kernel;

/// <summary>The kernel that this process runs on.</summary>
internal static class SystemKernel
{
    // A shortage of memory is not kept: who asks later finds out.
    private static readonly Lazy<IMemoryKernel> Opened = new(Open, LazyThreadSafetyMode.PublicationOnly);

    /// <summary>Linux where it runs, else the C library's memory.</summary>
    /// <exception cref="InsufficientMemoryException">The system has no room to try what it can do.</exception>
    internal static IMemoryKernel Instance => Opened.Value;

    private static IMemoryKernel Open() => (OperatingSystem.IsLinux() || OperatingSystem.IsAndroid()) && LinuxKernel.TryOpen() is { } linux ? linux : new PortableKernel();
}
