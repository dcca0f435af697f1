using System.Text;
using System.Text.Json;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Cli.Output.Json;
using PageShift.Cli.Tracing;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Verification.Following;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>An obstacle may stand at address 0. It is not the same as none.</summary>
public sealed class ObstacleAtZeroTests
{
    private const string Geometry = "3x4";

    // The page at 0 is in the way at the destination: of Linux as a mapping, of PageShift as an entry.
    private const string Log = """
        mmap(0x13000, 4*PAGE, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
        mmap(0, 1*PAGE, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0)
        mremap(0x13000, 4*PAGE, 4*PAGE, MREMAP_MAYMOVE|MREMAP_FIXED, 0x3000)

        """;

    public static TheoryData<string> Verbs => ["run", "explain", "trace"];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void The_json_keeps_an_obstacle_at_address_0(string verb)
    {
        JsonElement move = verb switch
        {
            "run" => Tool.RunToJson(Log, "--geometry", Geometry).GetProperty("moves")[0],
            "explain" => Explain(),
            _ => Traced.Move(),
        };

        foreach ((string policy, string outcome) in new[] { ("linux-6.7", "mappingInDestination"), ("pageshift", "entryInDestination") })
        {
            JsonElement start = MoveJson.Policy(move, policy).GetProperty("boundaries").EnumerateArray().Last(b => b.GetProperty("end").GetString() == "start");
            Assert.Equal((outcome, "0x0"), (start.GetProperty("outcome").GetString(), start.GetProperty("obstacle").GetString()));
        }
    }

    [Fact]
    public void Where_nothing_is_in_the_way_there_is_no_obstacle()
    {
        JsonElement move = Tool.RunToJson(Log.Replace("mmap(0,", "mmap(0x33000,", StringComparison.Ordinal), "--geometry", Geometry).GetProperty("moves")[0];

        JsonElement[] boundaries = [.. new[] { "linux-6.7", "pageshift" }.SelectMany(policy => MoveJson.Policy(move, policy).GetProperty("boundaries").EnumerateArray())];
        Assert.NotEmpty(boundaries);
        Assert.DoesNotContain(boundaries, b => b.TryGetProperty("obstacle", out _));
    }

    private static JsonElement Explain()
    {
        using var log = new TemporaryFile(Log);
        return Explained.Move($"{log.Name}:3", "--geometry", Geometry);
    }

    /// <summary>A traced move whose plans are those of the log: no program that is traced has page tables as small, or, as a rule, a page at 0.</summary>
    private sealed class Traced : ILogObserver
    {
        private FollowedMove? _move;

        public void OnMove(in CallRecord record, MoveObservation move) => _move = new FollowedMove
        {
            ProcessId = 1,
            ThreadId = 1,
            Exit = default,
            Site = default,
            ElapsedNanoseconds = 1,
            ProcessorNanoseconds = null,
            IsExact = true,
            PresentPages = 4,
            Request = move.Request,
            Congruence = PageTableLevel.Pmd,
            Plans = [.. MovePolicyName.All.Select(policy => PlannedMove.Of(move.Plan(policy)))],
            Congruent = null,
        };

        internal static JsonElement Move()
        {
            var traced = new Traced();
            using var executor = new LogExecutor(new LogExecutorOptions { Space = new AddressSpaceOptions { Geometry = PagingGeometry.Toy(levels: 3, indexBits: 2) } }, traced);
            var reader = new CallLogReader(new MemoryStream(Encoding.UTF8.GetBytes(Log)), new CallLogOptions { Strict = true });
            while (reader.TryRead(out CallRecord record))
                Assert.Null(executor.Execute(record).Divergence);
            return JsonSerializer.SerializeToElement(TraceMove.Of(new TracedMove(traced._move!)), ReportJson.Default.TraceMove);
        }
    }
}
