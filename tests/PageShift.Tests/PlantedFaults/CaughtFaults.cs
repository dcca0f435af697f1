using Xunit;

namespace PageShift.Tests.PlantedFaults;

/// <summary>Runs every layer on the faulty engine, each fault once.</summary>
public sealed class CaughtFaults : IDisposable
{
    internal const string Check = "`check`";
    internal const string Kernel = "kernel";

    internal const string CheckDepth = "6";

    private static readonly (string Layer, string Test)[] InProcess =
    [
        ("its own checks", nameof(LayerTests.The_mover_finds_nothing_amiss_itself)),
        ("plan", nameof(LayerTests.What_was_planned_is_what_was_done)),
        ("`Verify`", nameof(LayerTests.The_invariants_of_tables_and_mappings_hold)),
        ("TLB", nameof(LayerTests.No_processor_remembers_what_the_tables_do_not_hold)),
        ("oracle", nameof(LayerTests.The_oracle_agrees)),
        (Kernel, nameof(LayerTests.The_running_kernel_agrees)),
    ];

    private readonly Lazy<FaultyEngine> _engine = new(() => new FaultyEngine());
    private readonly Dictionary<string, IReadOnlyDictionary<string, bool?>> _rows = [];

    /// <summary>The layers' names, in the order of the table.</summary>
    internal static List<string> Layers { get; } = [.. InProcess.Select(layer => layer.Layer), Check];

    public void Dispose()
    {
        if (_engine.IsValueCreated)
            _engine.Value.Dispose();
    }

    /// <summary>Runs the tool with the faulty engine.</summary>
    internal (int ExitCode, string Output) RunTool(PlantedFault fault, params string[] arguments) => _engine.Value.Run(fault, "PageShift.Cli.dll", arguments);

    /// <summary>Which layers catch a fault; null for a layer that can't run here.</summary>
    internal IReadOnlyDictionary<string, bool?> By(PlantedFault? fault)
    {
        string name = fault?.Name ?? "";
        if (!_rows.TryGetValue(name, out IReadOnlyDictionary<string, bool?>? row))
            _rows[name] = row = Run(fault);
        return row;
    }

    private Dictionary<string, bool?> Run(PlantedFault? fault)
    {
        var row = new Dictionary<string, bool?>();
        (int ExitCode, string Output) tests = _engine.Value.Run(fault, "PageShift.Tests.dll", "--filter-class", typeof(LayerTests).FullName!, "--output", "Detailed");
        Assert.True(tests.Output.Contains($"total: {InProcess.Length}", StringComparison.Ordinal), tests.Output);
        foreach ((string layer, string test) in InProcess)
        {
            bool hasFailed = tests.Output.Contains($"failed {typeof(LayerTests).FullName}.{test} ", StringComparison.Ordinal);
            bool hasPassed = tests.Output.Contains($"passed {typeof(LayerTests).FullName}.{test} ", StringComparison.Ordinal);
            bool wasSkipped = layer == Kernel && tests.Output.Contains($"skipped {typeof(LayerTests).FullName}.{test} ", StringComparison.Ordinal);
            Assert.True((hasFailed ? 1 : 0) + (hasPassed ? 1 : 0) + (wasSkipped ? 1 : 0) == 1, tests.Output);
            row[layer] = wasSkipped ? null : hasFailed;
        }

        (int ExitCode, string Output) check = _engine.Value.Run(fault, "PageShift.Cli.dll", "check", "--depth", CheckDepth);
        Assert.True(check.ExitCode is 0 or 1, check.Output);
        row[Check] = check.ExitCode == 1;
        return row;
    }
}
