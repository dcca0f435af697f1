using PageShift.Abi;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.SystemCalls;
using PageShift.Units;
using PageShift.Verification.Lockstep;

namespace PageShift.Verification.Fuzzing;

/// <summary>Makes a sequence that diverges as small as it can while it still does: fewer calls, then simpler arguments.
/// Source: A. Zeller, R. Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE 28(2), 2002.</summary>
/// <param name="factory">Makes the two sides on which candidates are tried.</param>
internal sealed class SequenceShrinker(LockstepFactory factory)
{
    private const int MostTrials = 4000;
    private int _trials;

    /// <summary>Shrinks.</summary>
    /// <param name="sequence">A sequence that diverges.</param>
    /// <param name="divergence">How it does; becomes how the result does.</param>
    internal CallSequence Shrink(CallSequence sequence, ref Divergence divergence)
    {
        List<CallRecord> calls = [.. sequence.Calls.Take(divergence.Index + 1)];
        if (!Diverges(calls, sequence, ref divergence))
            calls = [.. sequence.Calls];
        int before;
        do
        {
            before = Weight(calls);
            RemoveCalls(calls, sequence, ref divergence);
            SimplifyArguments(calls, sequence, ref divergence);
        }
        while (Weight(calls) < before && _trials < MostTrials);

        return sequence with { Calls = calls };
    }

    private static int Weight(List<CallRecord> calls) => (calls.Count * 1000) + calls.Sum(call => Complexity(call.Call.Arguments));

    private static int Complexity(in CallArguments arguments)
    {
        int bits = 0;
        for (int i = 0; i < CallArguments.Count; i++)
            bits += System.Numerics.BitOperations.PopCount(arguments[i]);
        return bits;
    }

    private void RemoveCalls(List<CallRecord> calls, CallSequence sequence, ref Divergence divergence)
    {
        for (int size = Math.Max(1, calls.Count / 2); size >= 1; size /= 2)
        {
            for (int start = calls.Count - size; start >= 0 && _trials < MostTrials; start = Math.Min(start - size, calls.Count - size))
            {
                List<CallRecord> candidate = [.. calls[..start], .. calls[(start + size)..]];
                if (candidate.Count == 0 || !Diverges(candidate, sequence, ref divergence))
                    continue;
                calls.Clear();
                calls.AddRange(candidate);
            }
        }
    }

    private void SimplifyArguments(List<CallRecord> calls, CallSequence sequence, ref Divergence divergence)
    {
        for (int index = 0; index < calls.Count; index++)
        {
            for (int argument = 0; argument < CallArguments.Count; argument++)
            {
                foreach (ulong simpler in SimplerValues(calls[index].Call, argument))
                {
                    if (_trials >= MostTrials)
                        return;
                    CallRecord before = calls[index];
                    calls[index] = before with { Call = before.Call with { Arguments = before.Call.Arguments.With(argument, simpler) } };
                    if (Diverges(calls, sequence, ref divergence))
                        break;
                    calls[index] = before;
                }
            }
        }
    }

    // A length becomes a page or half of itself, flags lose one bit each, an offset becomes 0. Addresses stay, as they say how calls meet.
    private static IEnumerable<ulong> SimplerValues(SystemCall call, int argument)
    {
        ulong value = call.Arguments[argument];
        switch (argument < call.Parameters.Count ? call.Parameters[argument].Form : ArgumentForm.Number)
        {
            case ArgumentForm.Length:
                foreach (ulong simpler in (ulong[])[PageSize.Bytes, 2 * PageSize.Bytes, (value / 2) & ~(PageSize.Bytes - 1), (value + PageSize.Bytes - 1) & ~(PageSize.Bytes - 1), 1])
                {
                    if (simpler < value && simpler != 0)
                        yield return simpler;
                }

                break;
            case ArgumentForm.Flags:
                for (ulong left = value; left != 0; left &= left - 1)
                    yield return value & ~(left & (0 - left));
                break;
            case ArgumentForm.Offset or ArgumentForm.Count when value != 0:
                yield return 0;
                break;
        }
    }

    private bool Diverges(List<CallRecord> calls, CallSequence sequence, ref Divergence divergence)
    {
        _trials++;
        Divergence? found = (sequence with { Calls = calls }).Execute(factory);
        if (found is null)
            return false;
        divergence = found;
        return true;
    }
}
