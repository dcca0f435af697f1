namespace PageShift.Tests.ForeignMmu;

/// <summary>
/// Where things are in the guest. The engine's frames lie at their own physical addresses, from 1 MiB (below is what a PC keeps for its devices and firmware) to 2 GiB; the stub's data lie above.
/// </summary>
/// <remarks>
/// <code>
/// physical                                         virtual, in every tree
/// 0x0000_0000 the zero page and what a PC keeps
/// 0x0010_0000 frames of the engine
/// 0x8000_0000 the stub's data                      0xffff_ffff_8000_0000
/// 0xffff_0000 the stub's code                      0xffff_ffff_ffff_0000
/// </code>
/// The last slot of each root leads to the right-hand column, as it does in each process of Linux; user space never uses it.
/// </remarks>
internal static class GuestLayout
{
    internal const ulong KernelHalf = 0xffff_ffff_0000_0000;
    internal const ulong ArenaStart = 1UL << 20;
    internal const ulong ArenaEnd = 1UL << 31;
    internal const ulong MemoryLength = ArenaEnd + (512UL << 20);

    // The stub's data, as offsets from ArenaEnd.
    internal const ulong BootRoot = 0;
    internal const ulong KernelFourthTable = 0x1000;
    internal const ulong KernelThirdTable = 0x2000;
    internal const ulong DescriptorTable = 0x3000;
    internal const ulong TaskState = 0x3800;
    internal const ulong InterruptTable = 0x4000;
    internal const ulong StackEnd = 0x6000;
    internal const ulong Batches = 0x6000;
    internal const ulong BootControl4 = Batches + 8;
    internal const ulong Scratch = 0x7000;
    internal const ulong Requests = 0x10_0000;

    // A batch: the accesses in one tree. The first slot of the list holds the count of those that follow.
    internal const int BatchLength = 32;
    internal const int MostBatches = 100;
    internal const int BatchCount = 0;
    internal const int BatchRoot = 0;
    internal const int BatchRequests = 8;
    internal const int BatchRequestCount = 16;

    // A request, and what came of it.
    internal const int RequestLength = 64;
    internal const int RequestInstruction = 0;
    internal const int RequestAddress = 8;
    internal const int RequestValue = 16;
    internal const int ResultValue = 24;
    internal const int ResultVector = 32;
    internal const int ResultError = 40;
    internal const int ResultInstruction = 48;
    internal const int ResultFaultAddress = 56;

    internal const ushort Code32Selector = 0x08;
    internal const ushort DataSelector = 0x10;
    internal const ushort Code64Selector = 0x18;
    internal const ushort UserDataSelector = 0x23;
    internal const ushort UserCodeSelector = 0x2b;
    internal const ushort TaskSelector = 0x30;
    internal const int DescriptorTableLength = 0x40;

    internal const byte ExitPort = 0xf4;
    internal const byte ExitValue = 0x10;

    internal static ulong PhysicalOf(ulong offset) => ArenaEnd + offset;

    internal static ulong VirtualOf(ulong offset) => KernelHalf | PhysicalOf(offset);
}
