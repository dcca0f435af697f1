namespace PageShift.Linux;

/// <summary>Where the host lives in its process, and how the shared file is divided. Binding for <c>host.s</c>.</summary>
internal static class HostLayout
{
    /// <summary>The end of user space with 4 page-table levels, less the page that the kernel keeps free.</summary>
    internal const ulong TaskEnd = 0x7fff_ffff_f000;

    /// <summary>The host's code. It lies above every address that the kernel chooses itself (those are at
    /// least 128 MiB below the end of user space) and below the initial stack, which the host removes.</summary>
    internal const ulong CodeAddress = 0x7fff_ff00_0000;
    internal const ulong CodeBytes = 0x1000;

    /// <summary>The control page, which begins the host's slot.</summary>
    internal const ulong ControlAddress = CodeAddress + CodeBytes;

    /// <summary>A slot: one page of control, the signal stack, and the scratch bytes. Every process has its own.</summary>
    internal const ulong SlotBytes = 0x2_0000;
    internal const ulong SignalStackOffset = 0x1000;
    internal const ulong SignalStackBytes = 0xf000;
    internal const ulong ScratchOffset = 0x1_0000;
    internal const ulong ScratchBytes = 0x1_0000;
    internal const ulong End = ControlAddress + SlotBytes;

    /// <summary>Where the executable loads at first; the heap begins behind it.</summary>
    internal const ulong LoadAddress = 0x40_0000;

    /// <summary>The descriptor of the shared file in the host.</summary>
    internal const int FileDescriptor = 200;

    /// <summary>How many processes one shared file serves at a time.</summary>
    internal const int SlotCount = 1024;

    internal const ulong FileBytes = CodeBytes + SlotCount * SlotBytes;

    /// <summary>The offset of a slot in the shared file.</summary>
    internal static ulong SlotOffset(int slot) => CodeBytes + (ulong)slot * SlotBytes;
}
