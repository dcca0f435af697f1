using PageShift.AddressSpaces;
using PageShift.Abi;
using PageShift.Mappings;
using PageShift.SystemCalls;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <content>The search for an order of calls that ran at the same time.</content>
public sealed partial class LogExecutor
{
    /// <summary>Finds an order of some calls that explains all that they returned, and whether there is another that leaves other mappings.</summary>
    private sealed class OrderSearch
    {
        /// <summary>The calls that are tried at most before the order in which they ended is taken.</summary>
        private const int MostTrials = 500;

        private readonly LogExecutor _executor;
        private readonly AddressRange[] _ranges;
        private readonly List<WaitingCall> _order = [];
        private string? _left; // what the first order that was found leaves
        private int _trials = MostTrials;

        /// <param name="executor">Tries the calls.</param>
        /// <param name="process">Whose calls they are.</param>
        /// <param name="calls">The calls, in the order in which they ended.</param>
        internal OrderSearch(LogExecutor executor, LogProcess process, List<WaitingCall> calls)
        {
            _executor = executor;
            _ranges = RangesOf(calls);
            Order = calls;
            if (calls.Count == 1)
            {
                IsExplained = true;
                return;
            }

            LogStatistics counts = executor._counts;
            (executor._counts, executor._isTrying) = (new LogStatistics(), true);
            using (LogProcess copy = process.Copy(_ranges))
                Try(copy, calls);
            (executor._counts, executor._isTrying) = (counts, false);
        }

        /// <summary>The order; that in which they ended if none explains them.</summary>
        internal List<WaitingCall> Order { get; private set; }

        /// <summary>True when the order explains all that the calls returned.</summary>
        internal bool IsExplained { get; private set; }

        /// <summary>True when another order explains them too, and leaves other mappings.</summary>
        internal bool IsAmbiguous { get; private set; }

        /// <summary>Tries the calls that may come next, those that ended first before others. <paramref name="process"/> is a copy that shows what those before leave.</summary>
        private void Try(LogProcess process, List<WaitingCall> left)
        {
            if (left.Count == 0)
            {
                Found(process);
                return;
            }

            for (int i = 0; i < left.Count && _trials > 0 && !IsAmbiguous && !(IsExplained && _order.Count + left.Count >= MostAmbiguous); i++)
            {
                WaitingCall next = left[i];
                if (left.Exists(other => other.IsBefore(next)))
                    continue;
                _trials--;
                using LogProcess copy = process.Copy(_ranges);
                RecordOutcome outcome = _executor.FollowWith(copy, next);
                if (outcome.Divergence is not null || outcome.IsUnexplained)
                    continue;
                _order.Add(next);
                List<WaitingCall> rest = [.. left];
                rest.RemoveAt(i);
                Try(copy, rest);
                _order.RemoveAt(_order.Count - 1);
            }
        }

        private void Found(LogProcess process)
        {
            string leaves = Describe(process.Space);
            if (!IsExplained)
            {
                IsExplained = true;
                Order = [.. _order];
                _left = leaves;
            }
            else
            {
                IsAmbiguous |= leaves != _left;
            }
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
