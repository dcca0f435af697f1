using PageShift.Abi;
using PageShift.Calls;
using PageShift.Moving;
using PageShift.Verification.Lockstep;
using Xunit;

namespace PageShift.Tests.Lockstep;

public sealed class SegmentIdentifierTests
{
    /// <summary>Few at a time, so that indexes go round among 64; then more and more, so that the round grows.</summary>
    [Fact]
    public void Segments_get_the_identifiers_that_the_kernel_gives()
    {
        using LockstepFactory factory = StartedFactory.OrSkip();
        using LockstepRun run = factory.Begin(MovePolicy.PageShift);
        var random = new Random(5);
        var made = new List<long>();
        for (int i = 0; i < 600; i++)
        {
            bool makes = made.Count == 0 || random.Next(100) < (i < 300 ? 50 : 75);
            int removed = makes ? 0 : random.Next(made.Count);
            Assert.Null(run.Step(makes
                ? Call(SystemCallNumber.GetSegment, new CallArguments(0, 4096, 0x180))
                : Call(SystemCallNumber.ControlSegment, new CallArguments((ulong)made[removed])))?.ToString());
            if (run.LastResult is null)
                Assert.Skip("System V shared memory is not kept apart here.");
            if (makes)
                made.Add(run.LastResult.Value.Raw);
            else
                made.RemoveAt(removed);
        }

        Assert.Contains(made, identifier => identifier >> 15 >= 2);
        Assert.Contains(made, identifier => (identifier & 0x7fff) > 64);
        Assert.Null(run.Finish()?.ToString());
    }

    private static CallRecord Call(SystemCallNumber number, CallArguments arguments) =>
        new() { Kind = CallRecordKind.Call, Call = new SystemCall(number, arguments) };
}
