using System.Globalization;
using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Fuzzing;

/// <summary>Calls that are executed in lockstep from an empty address space.</summary>
/// <param name="Calls">The calls; forks have their child's id as their outcome.</param>
/// <param name="Policy">How the engine moves.</param>
public sealed record CallSequence(IReadOnlyList<CallRecord> Calls, MovePolicy Policy)
{
    /// <summary>Reads a sequence from a log in strace's format.</summary>
    /// <exception cref="CallSyntaxException">The log can't be read.</exception>
    public static CallSequence Read(Stream log, string fileName, MovePolicy policy)
    {
        var reader = new CallLogReader(log, new CallLogOptions { FileName = fileName, Strict = true });
        var calls = new List<CallRecord>();
        while (reader.TryRead(out CallRecord record))
        {
            if (record.Kind == CallRecordKind.Call)
                calls.Add(record);
        }

        return new CallSequence(calls, policy);
    }

    /// <summary>Writes the sequence as a log that <see cref="Read"/> reads. Each call is followed by its outcome where it has one.</summary>
    public void Write(TextWriter output, params IEnumerable<string> comments)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(comments);
        foreach (string comment in comments)
            output.Write(string.Create(CultureInfo.InvariantCulture, $"# {comment.ReplaceLineEndings(" ")}\n"));
        bool hasForks = Calls.Any(call => call.Call.Number == SystemCallNumber.Clone);
        var writer = new CallLogWriter(output);
        foreach (CallRecord call in Calls)
            writer.Write(hasForks ? call : call with { ThreadId = 0 });
    }

    /// <summary>Executes the sequence on both sides.</summary>
    /// <param name="factory">Makes the two sides.</param>
    /// <param name="executed">The calls that both sides made, with the kernel's outcomes, as far as they agree and one further.</param>
    /// <returns>The first difference, or null.</returns>
    public Divergence? Execute(LockstepFactory factory, ICollection<CallRecord>? executed = null)
    {
        ArgumentNullException.ThrowIfNull(factory);
        if (Calls.Count == 0)
            return null;
        using LockstepRun lockstep = factory.Begin(Policy, Calls[0].ThreadId, isThorough: true);
        foreach (CallRecord call in Calls)
        {
            Divergence? divergence = lockstep.Step(call);
            if (lockstep.LastResult is { } result)
                executed?.Add(call with { Outcome = CallOutcome.OfResult(result) });
            if (divergence is not null)
                return divergence;
        }

        return lockstep.Finish();
    }
}
