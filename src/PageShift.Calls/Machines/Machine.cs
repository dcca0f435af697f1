using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Units;

namespace PageShift.Calls.Machines;

/// <summary>The machine that a log was written on, as far as its page tables show: the processor, the page size, and how long addresses are.</summary>
/// <remarks>
/// <para>The engine's pages are of 4 KiB. Where the log's are of 16 or 64 KiB, the engine runs with addresses and lengths that are divided by 4 or 16: an entry, a table and a plan are the same,
/// and what is shown is multiplied again (<see cref="Scale"/>).</para>
/// <para>Immutable, thread-safe. Sources: docs/linux-rules.md.</para>
/// </remarks>
internal sealed record Machine
{
    /// <summary>The end of a 32-bit program's addresses under a 64-bit kernel (x86's IA32_PAGE_OFFSET; checked on the kernel).</summary>
    internal const ulong FourGigabyteLimit = 0xffffe000;

    /// <summary>The end under a 32-bit kernel, and under a 64-bit one with the personality ADDR_LIMIT_3GB (checked on the kernel).</summary>
    internal const ulong ThreeGigabyteLimit = 0xc0000000;

    /// <summary>x86-64 with four levels of tables: what is taken where a log says nothing else.</summary>
    internal static Machine Usual { get; } = new() { Architecture = Architecture.X64, AddressBits = 47, Geometry = PagingGeometry.X86 };

    /// <summary>The processor.</summary>
    internal required Architecture Architecture { get; init; }

    /// <summary>The base-2 logarithm of the page size: 12, 14 or 16.</summary>
    internal int PageShift { get; init; } = PageSize.Shift;

    /// <summary>The bits of a user address.</summary>
    internal required int AddressBits { get; init; }

    /// <summary>The shape of the page tables, with the engine's pages of 4 KiB.</summary>
    internal required PagingGeometry Geometry { get; init; }

    /// <summary>Where the addresses of 32-bit programs end.</summary>
    internal ulong Limit32 { get; init; } = FourGigabyteLimit;

    /// <summary>Why it was taken, as the end of a sentence; null where nothing has to be said: it is the usual one, or the options name all of it.</summary>
    internal string? Because { get; init; }

    /// <summary>True when every program is of 32 bits.</summary>
    internal bool Is32Bit => Architecture is Architecture.I386 or Architecture.I386Pae or Architecture.I386TwoLevel or Architecture.Arm;

    /// <summary>How many bits shorter the engine's addresses are than the log's.</summary>
    internal int Scale => PageShift - PageSize.Shift;

    /// <summary>The shape of the page tables as they are shown, with the log's page size.</summary>
    internal PagingGeometry ShownGeometry => Geometry.Shown(PageShift);

    /// <summary>The first address that no program can map, as the log has it.</summary>
    internal ulong Limit => Is32Bit ? Limit32 : Geometry.UserLimit.Value << Scale;

    /// <summary>What the processor's Linux moves as one entry.</summary>
    internal TableMoveSupport TableMoves => Architecture switch
    {
        Architecture.Arm64 => TableMoveSupport.Arm64,
        Architecture.RiscV64 or Architecture.Power64 => TableMoveSupport.SinceLinux514,
        Architecture.Arm or Architecture.LoongArch64 or Architecture.S390 => TableMoveSupport.None,
        _ => TableMoveSupport.X86,
    };

    /// <summary>What the processor's Linux moves, where that is not what x86-64's does; null where it is.</summary>
    internal string? MoveRule => Architecture switch
    {
        Architecture.Arm64 => "arm64's Linux moves whole PMDs and PUDs from 5.11 on, and page by page before",
        Architecture.RiscV64 or Architecture.Power64 => $"{ArchitectureName.Of(Architecture)}'s Linux moves whole PMDs and PUDs from 5.14 on, and page by page before",
        Architecture.Arm or Architecture.LoongArch64 or Architecture.S390 => $"{ArchitectureName.Of(Architecture)}'s Linux moves page by page, except large pages, in every release",
        _ => null,
    };
}
