using System.Runtime.InteropServices;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Execution;

/// <summary>The control page that the runner and the host share. Offsets are binding for <c>host.s</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 0xe0)]
internal struct HostControl
{
    /// <summary>The number of the newest request; the host waits for it to change.</summary>
    [FieldOffset(0x00)] internal uint Request;

    /// <summary>The number of the newest request that has been answered.</summary>
    [FieldOffset(0x04)] internal uint Response;

    /// <summary>Not 0 while the runner sleeps on <see cref="Response"/>.</summary>
    [FieldOffset(0x08)] internal uint RunnerSleeps;

    [FieldOffset(0x0c)] internal HostRequest Kind;
    [FieldOffset(0x10)] internal ulong Number;
    [FieldOffset(0x18)] internal ulong First;
    [FieldOffset(0x20)] internal ulong Second;
    [FieldOffset(0x28)] internal ulong Third;
    [FieldOffset(0x30)] internal ulong Fourth;
    [FieldOffset(0x38)] internal ulong Fifth;
    [FieldOffset(0x40)] internal ulong Sixth;

    /// <summary>What the call returned, or the bytes that an access left undone.</summary>
    [FieldOffset(0x48)] internal long Result;

    [FieldOffset(0x50)] internal long StartSeconds;
    [FieldOffset(0x58)] internal long StartNanoseconds;
    [FieldOffset(0x60)] internal long EndSeconds;
    [FieldOffset(0x68)] internal long EndNanoseconds;

    /// <summary>The signal that ended an access, or 0.</summary>
    [FieldOffset(0x70)] internal int Signal;

    [FieldOffset(0x74)] internal int SignalCode;
    [FieldOffset(0x78)] internal ulong FaultAddress;

    /// <summary>The process without which the host ends itself: the one that asks.</summary>
    [FieldOffset(0x80)] internal uint Runner;

    /// <summary>How long the host sleeps before it looks whether the runner is there.</summary>
    [FieldOffset(0x88)] internal long IdleSeconds;

    [FieldOffset(0x90)] internal long IdleNanoseconds;

    /// <summary>How often the host looks for a request before it sleeps.</summary>
    [FieldOffset(0x98)] internal long Spins;

    [FieldOffset(0xa0)] internal ulong SignalStackAddress;
    [FieldOffset(0xa8)] internal ulong SignalStackFlags;
    [FieldOffset(0xb0)] internal ulong SignalStackBytes;

    /// <summary>What happens on the signals of a fault; the host fills in the two addresses.</summary>
    [FieldOffset(0xb8)] internal SignalAction SignalAction;

    /// <summary>Not 0 while the host sleeps on <see cref="Request"/>.</summary>
    [FieldOffset(0xd8)] internal uint HostSleeps;

    /// <summary>What a host finds before its first request.</summary>
    internal static HostControl Initial(int slot, long spins) => new()
    {
        Runner = (uint)Environment.ProcessId,
        IdleSeconds = 1,
        Spins = spins,
        SignalStackAddress = HostLayout.SlotAddress(slot) + HostLayout.SignalStackOffset,
        SignalStackBytes = HostLayout.SignalStackBytes,
        SignalAction = new() { Flags = SignalAction.ExtendedInformation | SignalAction.OnSignalStack | SignalAction.HasRestorer },
    };
}

/// <summary>What the host is asked to do.</summary>
internal enum HostRequest : uint
{
    /// <summary>A system call.</summary>
    Call = 0,

    /// <summary>Store Second's low byte Third times from First.</summary>
    Fill = 1,

    /// <summary>Copy Third bytes from Second to First.</summary>
    Copy = 2,

    /// <summary>Fork; First is the address of the new process's slot.</summary>
    Fork = 3,
}
