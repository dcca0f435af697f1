using PageShift.Linux.Interop;

namespace PageShift.Linux.Execution;

/// <summary>Where the host lives in its process, and how the shared file is divided. Binding for <c>host.s</c>.</summary>
internal static class HostLayout
{
    /// <summary>The host's code. It lies above every address that the kernel chooses itself (those are at
    /// least 128 MiB below the end of user space) and below the initial stack, which the host removes.</summary>
    internal const ulong CodeAddress = 0x7fff_ff00_0000;
    internal const ulong CodeBytes = 0x1000;

    /// <summary>The slots, in one mapping behind the code. Every process forked from one host has its own.</summary>
    internal const ulong SlotsAddress = CodeAddress + CodeBytes;

    /// <summary>How many processes, forked one from another, can live at a time.</summary>
    internal const int SlotCount = 64;

    /// <summary>A slot: one page of control, the signal stack, and the scratch bytes.</summary>
    internal const ulong SlotBytes = 0x1_0000;
    internal const ulong SignalStackOffset = 0x1000;
    internal const ulong SignalStackBytes = 0x7000;
    internal const ulong ScratchOffset = 0x8000;
    internal const ulong ScratchBytes = 0x8000;

    internal const ulong SlotsBytes = SlotCount * SlotBytes;
    internal const ulong End = SlotsAddress + SlotsBytes;
    internal const ulong FileBytes = CodeBytes + SlotsBytes;

    /// <summary>The length of the program in the file's first page.</summary>
    internal static ulong ProgramBytes => (ulong)(ElfProgram.HeaderBytes + HostCode.Bytes.Length);

    /// <summary>The descriptor of the shared file in the host, which closes it when both are mapped.</summary>
    internal const int FileDescriptor = 200;

    /// <summary>The offset of a slot in the shared file.</summary>
    internal static ulong SlotOffset(int slot) => CodeBytes + (ulong)slot * SlotBytes;

    /// <summary>The address of a slot in the host's processes.</summary>
    internal static ulong SlotAddress(int slot) => SlotsAddress + (ulong)slot * SlotBytes;
}
