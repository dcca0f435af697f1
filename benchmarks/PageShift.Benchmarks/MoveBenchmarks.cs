using BenchmarkDotNet.Attributes;
using PageShift.Measurement;
using PageShift.Moving;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Benchmarks;

/// <summary>Moves of entries without the mappings around them: planning, and planning and executing.</summary>
public class MoveBenchmarks
{
    private readonly PhysicalMemory _memory = new(PhysicalMemoryOptions.BytesFree);
    private readonly MovePlan _shown = new(isShown: true);
    private readonly MovePlan _unseen = new(isShown: false);
    private PageTableTree _tables = null!;
    private MovePlanner _planner = null!;
    private PageTableMover _mover = null!;
    private MoveRequest _there;
    private MoveRequest _back;

    [ParamsSource(nameof(Names))]
    public string Case { get; set; } = "";

    public static IEnumerable<string> Names => ["email", "1 GiB congruent", "1 GiB not congruent"];

    [GlobalSetup]
    public void SetUp()
    {
        MoveCase move = Case switch
        {
            "email" => MoveCase.Email,
            "1 GiB congruent" => MoveCase.Congruent,
            _ => MoveCase.NotCongruent,
        };
        _tables = new PageTableTree(_memory, PagingGeometry.X86);
        _tables.TryPopulate(new AddressRange(move.Old, move.Length), PageTableEntry.PresentBit);
        _planner = new MovePlanner(_tables, new LinuxTables(_tables), TableMoveSupport.X86);
        _mover = new PageTableMover(_tables);
        _there = new MoveRequest(move.Old, move.New, move.Length);
        _back = new MoveRequest(move.New, move.Old, move.Length);
    }

    [Benchmark(Description = "plan, with reasons and cost")]
    public ulong Plan()
    {
        _planner.Plan(MovePolicy.PageShift, _there, _shown);
        return _shown.Cost.Entries;
    }

    [Benchmark(Description = "plan and execute", OperationsPerInvoke = 2)]
    public bool PlanAndExecute() => Move(_there) && Move(_back);

    private bool Move(in MoveRequest request)
    {
        _planner.PlanToExecute(MovePolicy.PageShift, request, _unseen);
        return _mover.TryExecute(_unseen);
    }
}
