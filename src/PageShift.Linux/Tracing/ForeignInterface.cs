namespace PageShift.Linux.Tracing;

/// <summary>The ways into an x86-64 kernel that are not the 64-bit one.</summary>
internal enum ForeignInterface
{
    /// <summary>The 32-bit interface: 32-bit programs, and int 0x80 in any program.</summary>
    I386,

    /// <summary>The x32 interface: 64-bit registers, 32-bit pointers.</summary>
    X32,
}
