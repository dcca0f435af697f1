using PageShift.Calls;
using PageShift.Moving;
using PageShift.Physical;
using PageShift.Verification.Fuzzing;
using PageShift.Verification.Lockstep;
using Xunit;

namespace PageShift.Tests.Lockstep;

/// <summary>The shrunk log of every divergence that the fuzzer has found, with the kernel's results. None may come back.</summary>
public sealed class TraceTests
{
    public static TheoryData<string> Traces => [.. Directory.GetFiles(Repository.Path("tests/traces"), "*.strace").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Traces))]
    public void Engine_and_kernel_agree_under_every_policy(string trace)
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        foreach (MovePolicy policy in MovePolicyName.All)
        {
            CallSequence sequence = Read(trace, policy);
            var executed = new List<CallRecord>();
            Assert.Null(sequence.Execute(factory, executed)?.ToString());
            Assert.Equal(sequence.Calls.Select(call => call.Outcome), executed.Select(call => call.Outcome));
        }
    }

    [Theory]
    [MemberData(nameof(Traces))]
    public void The_engine_gives_the_kernels_results_under_every_policy(string trace)
    {
        foreach (MovePolicy policy in MovePolicyName.All)
        {
            CallSequence sequence = Read(trace, policy);
            using PhysicalMemory memory = new();
            using EngineSide engine = new(LockstepSurroundings.Default, memory, policy, sequence.Calls[0].ThreadId);
            foreach (CallRecord call in sequence.Calls)
                Assert.Equal(call.Outcome, CallOutcome.OfResult(engine.Execute(call).Result));
            foreach (int process in engine.Processes)
                engine.SpaceOf(process)!.Verify();
        }
    }

    private static CallSequence Read(string trace, MovePolicy policy)
    {
        using FileStream log = File.OpenRead(Repository.Path($"tests/traces/{trace}"));
        return CallSequence.Read(log, trace, policy);
    }
}
