using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Mappings;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Tests.Model;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>Pages that are made present only when something looks at them: nobody can tell, but for the memory that it takes.</summary>
public sealed class AssumedPagesTests
{
    private static readonly string[] Protections = ["PROT_READ|PROT_WRITE", "PROT_READ|PROT_WRITE", "PROT_READ|PROT_WRITE", "PROT_NONE", "PROT_READ"];
    private static readonly string[] Advice = ["MADV_DONTNEED", "MADV_DONTNEED", "MADV_FREE", "MADV_NOHUGEPAGE", "MADV_PAGEOUT", "MADV_GUARD_INSTALL", "MADV_COLLAPSE", "MADV_POPULATE_WRITE"];
    private static readonly string[] MoveFlags = ["MREMAP_MAYMOVE|MREMAP_FIXED", "MREMAP_MAYMOVE|MREMAP_FIXED", "MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP", "MREMAP_MAYMOVE", "0"];

    /// <summary>Small worlds, in which every block is soon a boundary block; and ends of 2 MiB and 1 GiB blocks of the real one.</summary>
    public static TheoryData<string, ulong> Worlds => new()
    {
        { "3x4", 1 },
        { "4x2", 1 },
        { "5x2", 1 },
        { "2x8", 1 },
        { "x86", 192 },
        { "x86", 98304 },
    };

    [Theory]
    [MemberData(nameof(Worlds))]
    public void Moves_and_what_is_left_are_the_same(string world, ulong unit)
    {
        PagingGeometry geometry = GeometryOf(world);
        int places = (int)Math.Min(24, (geometry.UserLimit.Value >> PageSize.Shift) / unit);
        int logs = (unit > 1000 ? 20 : 1000) * ModelRun.Factor;
        for (int i = 0; i < logs; i++)
        {
            string log = Log(new Random(i), places, unit * PageSize.Bytes);
            string expected = Run(log, geometry, new ByteLength(ulong.MaxValue));
            string actual = Run(log, geometry, PageSize.Length);
            Assert.True(expected == actual, $"{log}\nexpected:\n{expected}\nfound:\n{actual}");
        }
    }

    /// <summary>The plan of a release may be made out of that of the release before, when that was asked for first.</summary>
    [Theory]
    [MemberData(nameof(Worlds))]
    public void Plans_are_the_same_in_whatever_order_they_are_asked_for(string world, ulong unit)
    {
        PagingGeometry geometry = GeometryOf(world);
        int places = (int)Math.Min(24, (geometry.UserLimit.Value >> PageSize.Shift) / unit);
        int logs = (unit > 1000 ? 10 : 300) * ModelRun.Factor;
        for (int i = 0; i < logs; i++)
        {
            string log = Log(new Random(-1 - i), places, unit * PageSize.Bytes);
            string expected = Plans(log, geometry, [.. MovePolicyName.All.Reverse()]);
            string actual = Plans(log, geometry, [.. MovePolicyName.All]);
            Assert.True(expected == actual, $"{log}\nexpected:\n{expected}\nfound:\n{actual}");
        }
    }

    private static string Plans(string log, PagingGeometry geometry, MovePolicy[] order)
    {
        var text = new StringBuilder();
        var moves = new Recorder(move =>
        {
            foreach (MovePolicy policy in order)
                _ = move.Plan(policy);
            Describe(move, text);
        });
        Execute(log, OptionsFor(geometry), moves).Dispose();
        return text.ToString();
    }

    [Fact]
    public void A_log_that_maps_terabytes_takes_little_memory()
    {
        const int Mappings = 16_394;
        var log = new StringBuilder();
        for (int i = 0; i < Mappings; i++)
            log.Append(CultureInfo.InvariantCulture, $"mmap(NULL, 1073741824, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x{0x200000000000 + ((ulong)i * 0x80000000):x}\n");
        log.Append("mremap(0x200000000000, 1073741824, 1073741824, MREMAP_MAYMOVE|MREMAP_FIXED, 0x100000000000) = 0x100000000000\n");
        var moves = new Recorder(_ => { });

        using LogExecutor executor = Execute(log.ToString(), new LogExecutorOptions(), moves);

        Assert.Equal(1, moves.Count);
        Assert.Equal(1UL, moves.Last.Pud);
        Assert.InRange(executor.Memory.TableFrames * PageSize.Bytes, 0UL, 300UL << 20);
    }

    private static string Log(Random random, int places, ulong unit)
    {
        var log = new StringBuilder();
        for (int calls = random.Next(1, 15); calls > 0; calls--)
        {
            ulong start = (ulong)random.Next(places) * unit;
            ulong length = (ulong)random.Next(1, Math.Min(9, places)) * unit;
            ulong other = (ulong)random.Next(places) * unit;
            log.AppendLine(random.Next(12) switch
            {
                < 4 => Text($"mmap({start:x}, {length:x}, {Of(Protections)}, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)"),
                4 => Text($"munmap({start:x}, {length:x})"),
                5 => Text($"mprotect({start:x}, {length:x}, {Of(Protections)})"),
                6 => Text($"madvise({start:x}, {length:x}, {Of(Advice)})"),
                7 => "clone(child_stack=NULL, flags=SIGCHLD) = " + random.Next(2, 9).ToString(CultureInfo.InvariantCulture),
                8 => Text($"mlock({start:x}, {length:x})"),
                _ => Text($"mremap({start:x}, {length:x}, {(random.Next(3) == 0 ? (ulong)random.Next(1, 9) * unit : length):x}, {Of(MoveFlags)}, {other:x})"),
            });

            string Of(string[] names) => names[random.Next(names.Length)];
        }

        return log.ToString();

        static string Text(FormattableString text) => string.Format(CultureInfo.InvariantCulture, text.Format.Replace(":x}", "}", StringComparison.Ordinal), text.GetArguments());
    }

    private static PagingGeometry GeometryOf(string world) => world == "x86" ? PagingGeometry.X86 : PagingGeometry.Toy(world[0] - '0', int.Log2(world[2] - '0'));

    private static LogExecutorOptions OptionsFor(PagingGeometry geometry) => new() { Space = new AddressSpaceOptions { Geometry = geometry, MinimumAddress = VirtualAddress.Zero } };

    private static void Describe(MoveObservation move, StringBuilder text)
    {
        foreach (MovePolicy policy in MovePolicyName.All)
        {
            MovePlan plan = move.Plan(policy);
            text.Append(CultureInfo.InvariantCulture, $"{move.Request.Old}>{move.Request.New} {policy} {plan.Cost} {plan.Work} {plan.SlotsVisited} {plan.SlotsInspected} {plan.ExpandedSource} {plan.TablesToAllocate} {plan.SplitsLeaves}");
            foreach (MoveRun run in plan.Runs)
                text.Append(CultureInfo.InvariantCulture, $" {run}");
            foreach (BoundaryDecision boundary in plan.Boundaries)
                text.Append(CultureInfo.InvariantCulture, $" {boundary}");
            text.AppendLine();
        }
    }

    private static string Run(string log, PagingGeometry geometry, ByteLength assumedFrom)
    {
        var text = new StringBuilder();
        LogExecutorOptions options = OptionsFor(geometry) with { AssumedFrom = assumedFrom };
        var moves = new Recorder(move => Describe(move, text));
        using LogExecutor executor = Execute(log, options, moves);
        AddressSpace space = executor.SpaceOf(0);
        space.Verify();
        text.Append(CultureInfo.InvariantCulture, $"tables {space.Memory.TableFrames}");
        var mappings = new List<Mapping>();
        space.CopyMappings(new AddressRange(VirtualAddress.Zero, geometry.UserLimit), mappings);
        foreach (Mapping mapping in mappings)
        {
            byte[] present = new byte[mapping.Range.Length.Value >> PageSize.Shift];
            Assert.False(space.InCore(mapping.Range.Start, mapping.Range.Length, present).IsError);
            text.Append(CultureInfo.InvariantCulture, $"; {mapping.Range} {mapping.Flags}: {Convert.ToHexString(SHA256.HashData(present))[..8]} {present.Count(page => page != 0)}");
        }

        return text.ToString();
    }

    private static LogExecutor Execute(string log, LogExecutorOptions options, ILogObserver observer)
    {
        var executor = new LogExecutor(options, observer);
        var reader = new CallLogReader(new MemoryStream(Encoding.ASCII.GetBytes(log)), new CallLogOptions { FileName = "log", Lenient = true });
        while (reader.TryRead(out CallRecord record))
            executor.Execute(record);
        return executor;
    }

    private sealed class Recorder(Action<MoveObservation> see) : ILogObserver
    {
        internal int Count { get; private set; }

        internal MoveCost Last { get; private set; }

        public void OnMove(in CallRecord record, MoveObservation move)
        {
            Count++;
            Last = move.Plan(MovePolicy.PageShift).Cost;
            see(move);
        }
    }
}
