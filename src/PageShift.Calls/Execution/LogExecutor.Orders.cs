using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.SystemCalls;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <content>The search for an order of calls that ran at the same time.</content>
public sealed partial class LogExecutor
{
    /// <summary>Finds the orders of some calls that explain all that they returned, and how far these lead to the same mappings.</summary>
    /// <remarks>Orders in which the same calls have been made, and have left the same, go on in the same way: each such state is looked at once. What is tried is bounded all the same.</remarks>
    private sealed class OrderSearch
    {
        /// <summary>The calls that are tried at most, once an order is found: others may explain the results too.</summary>
        private const int MostTrials = 500;

        /// <summary>The calls that are tried at most for an order.</summary>
        private const int MostTrialsForOne = 4000;

        private readonly LogExecutor _executor;
        private readonly List<WaitingCall> _calls;
        private readonly AddressRange[] _ranges;
        private readonly List<WaitingCall> _order = [];

        // The states that were reached, by the calls that were made and what they left; true for those from which all others can be made.
        private readonly Dictionary<(UInt128 Made, string Left), bool> _states = [];
        private int _trials;

        // Whether an order may have errors that nothing in the log explains.
        private readonly bool _takesUnexplained;

        /// <param name="executor">Tries the calls.</param>
        /// <param name="process">Whose calls they are.</param>
        /// <param name="calls">The calls, in the order in which they ended.</param>
        internal OrderSearch(LogExecutor executor, LogProcess process, List<WaitingCall> calls)
        {
            (_executor, _calls, Order, Decided) = (executor, calls, calls, calls.Count);
            _ranges = RangesOf(calls);
            if (calls.Count == 1)
            {
                IsExplained = true;
                return;
            }

            LogStatistics counts = executor._counts;
            (executor._counts, executor._isTrying) = (new LogStatistics(), true);
            using (LogProcess copy = process.Copy(_ranges))
            {
                _ = TryFrom(copy, UInt128.Zero);
                if (!IsExplained && !HasGivenUp)
                {
                    (_trials, _takesUnexplained) = (0, true);
                    _states.Clear();
                    _ = TryFrom(copy, UInt128.Zero);
                }
            }

            (executor._counts, executor._isTrying) = (counts, false);
            if (IsExplained && !HasGivenUp)
                Decided = LastCommonState();
        }

        /// <summary>An order; that in which they ended if none explains them.</summary>
        internal List<WaitingCall> Order { get; private set; }

        /// <summary>True when the order explains all that the calls returned.</summary>
        internal bool IsExplained { get; private set; }

        /// <summary>True when not all that may explain the results was tried.</summary>
        internal bool HasGivenUp => _trials >= (IsExplained ? MostTrials : MostTrialsForOne);

        /// <summary>How many calls of the order lead where all others that explain the results lead, too. All of them if there is no such order, or too many.</summary>
        internal int Decided { get; }

        /// <summary>Tries the calls that may come next, those that ended first before others. <paramref name="process"/> is a copy that shows what those before leave.</summary>
        /// <returns>True when all others can be made from here.</returns>
        private bool TryFrom(LogProcess process, UInt128 made)
        {
            if (_order.Count == _calls.Count && !IsExplained)
                (IsExplained, Order) = (true, [.. _order]);
            (UInt128, string) state = (made, Describe(process.Space));
            if (_states.TryGetValue(state, out bool isKnown))
                return isKnown;
            bool isGood = _order.Count == _calls.Count;
            for (int i = 0; i < _calls.Count && !HasGivenUp; i++)
            {
                if (IsMade(made, i) || IsHeldUp(made, i))
                    continue;
                _trials++;
                using LogProcess copy = process.Copy(_ranges);
                RecordOutcome outcome = _executor.FollowWith(copy, _calls[i]);
                if (outcome.Divergence is not null || (outcome.IsUnexplained && !_takesUnexplained))
                    continue;
                _order.Add(_calls[i]);
                isGood |= TryFrom(copy, made | (UInt128.One << i));
                _order.RemoveAt(_order.Count - 1);
            }

            _states[state] = isGood;
            return isGood;
        }

        private static bool IsMade(UInt128 made, int call) => (made >> call & 1) != 0;

        /// <summary>True while a call is left that was over before another began.</summary>
        private bool IsHeldUp(UInt128 made, int call)
        {
            for (int i = 0; i < call; i++)
            {
                if (!IsMade(made, i) && _calls[i].IsBefore(_calls[call]))
                    return true;
            }

            return false;
        }

        /// <summary>The most calls after which there is one state only from which all others can be made: each order leads through it.</summary>
        private int LastCommonState()
        {
            Span<int> states = stackalloc int[_calls.Count + 1];
            foreach (((UInt128 made, _), bool isGood) in _states)
                states[(int)UInt128.PopCount(made)] += isGood ? 1 : 0;
            return states.LastIndexOf(1);
        }

        /// <summary>What is mapped where the calls were, as far as it can matter to later ones.</summary>
        private string Describe(AddressSpace space)
        {
            const VmFlags Charged = VmFlags.Account;
            var mappings = new List<Mapping>();
            foreach (AddressRange range in _ranges)
                space.CopyMappings(range, mappings);
            return string.Join(' ', mappings.Select(mapping => $"{mapping.Range} {(ulong)(mapping.Flags & ~Charged):x}").Distinct());
        }

        private static AddressRange[] RangesOf(List<WaitingCall> calls)
        {
            var ranges = new List<AddressRange>();
            foreach (WaitingCall call in calls)
            {
                if (call.Footprint.IsBreak)
                    return [CallRanges.Everything];
                foreach (AddressRange range in call.Footprint.Arguments)
                    ranges.Add(range);
                foreach (AddressRange range in call.Footprint.Result)
                    ranges.Add(range);
            }

            return [.. ranges];
        }
    }
}
