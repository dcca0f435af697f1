using System.Globalization;
using PageShift.Abi;
using PageShift.Calls.Machines;
using PageShift.SystemCalls;
using PageShift.Units;

namespace PageShift.Calls.Execution;

/// <summary>How the calls of another machine become the engine's: its pages may be larger, and its programs' addresses shorter.</summary>
public sealed partial class LogExecutor
{
    private const ulong LowestSignExtended = unchecked((ulong)int.MinValue);

    private bool _has32Bit; // a process of 32 bits has been seen

    private Machine Machine => _options.Machine;

    /// <summary>The largest range that is populated, in the engine's addresses.</summary>
    private ulong LargestPopulatedHere => LargestPopulated >> Machine.Scale;

    /// <summary>True when a record is not for the engine as it is.</summary>
    private bool NeedsAdaptation(in CallRecord record)
    {
        bool is32Bit = Machine.Is32Bit || record.Is32Bit || record.HasExtendedAddress;
        if (!is32Bit && !_has32Bit && !_isForeign)
            return false;
        _processes.See(record.ThreadId);
        LogProcess process = _processes.Of(record.ThreadId);
        if (is32Bit && record.Call.Number != SystemCallNumber.Execute)
            Limit(process);
        return process.Is32Bit || _isForeign;
    }

    /// <summary>A process has turned out to be of 32 bits.</summary>
    private void Limit(LogProcess process)
    {
        if (process.Is32Bit)
            return;
        process.Is32Bit = true;
        _has32Bit = true;
        _ = process.Space.TryLimitTo(new VirtualAddress(Machine.Limit32 >> Machine.Scale)); // where something is mapped beyond it, that is the limit no longer
    }

    /// <summary>The record of a call with the addresses and lengths that the engine has for it.</summary>
    private CallRecord Adapt(in CallRecord record)
    {
        LogProcess process = _processes.Of(record.ThreadId);
        CallArguments arguments = record.Call.Arguments;
        IReadOnlyList<CallParameter> parameters = record.Call.Description?.Parameters ?? record.Call.Parameters;
        for (int i = 0; i < parameters.Count; i++)
        {
            ulong value = arguments[i];
            if (process.Is32Bit && parameters[i].Form is ArgumentForm.Address or ArgumentForm.Length && value >= LowestSignExtended)
                value = (uint)value;
            if (Machine.Scale != 0)
            {
                value = parameters[i].Form switch
                {
                    ArgumentForm.Address or ArgumentForm.Offset or ArgumentForm.Vector => ScaledAddress(value),
                    ArgumentForm.Length => ScaledLength(value),
                    _ => value,
                };
            }

            arguments = arguments.With(i, value);
        }

        if (Machine.Architecture == Architecture.Arm64 && record.Call.Number is SystemCallNumber.Map or SystemCallNumber.Protect)
            arguments = arguments with { Third = arguments.Third & ~ForeignProtection.All }; // branch targets and memory tags do not matter here
        if (record.Call.Number == SystemCallNumber.SetLimit && arguments.Second != ulong.MaxValue)
            arguments = arguments with { Second = arguments.Second >> Machine.Scale };
        CallOutcome outcome = record.HasExtendedAddress ? CallOutcome.OfValue((uint)record.Outcome.Value) : record.Outcome;
        if (Machine.Scale != 0 && outcome.State == CallOutcomeState.Value && record.Call.ReturnsAddress)
            outcome = CallOutcome.OfValue((long)ScaledAddress((ulong)outcome.Value));
        return record with { Call = record.Call with { Arguments = arguments }, Outcome = outcome };
    }

    /// <summary>An address, or a place in a file. One that is not at the start of a page does not become one that is.</summary>
    private ulong ScaledAddress(ulong value) => (value >> Machine.Scale) | ((value & ((1UL << Machine.Scale) - 1)) == 0 ? 0 : 1UL);

    /// <summary>A length, rounded up; one that wraps when it is rounded up to pages still does.</summary>
    private ulong ScaledLength(ulong value) => value > ulong.MaxValue - (1UL << Machine.PageShift) ? value : (value + (1UL << Machine.Scale) - 1) >> Machine.Scale;

    /// <summary>A result as the log would have it.</summary>
    private string ShownResult(long value, in CallRecord record) =>
        string.Create(CultureInfo.InvariantCulture, $"0x{(record.Call.ReturnsAddress ? value << Machine.Scale : value):x}");

    /// <summary>Refuses an address that a call succeeded with, and that the page tables can't hold: before anything is done with the call.</summary>
    /// <exception cref="UnsupportedMachineException">It lies beyond what they hold.</exception>
    private void RefuseBeyond(in CallRecord record)
    {
        if (record.Kind != CallRecordKind.Call || record.IsInjected || record.Outcome.State != CallOutcomeState.Value || record.Call.Description is not { IsModelled: true } call)
            return;
        VirtualAddress limit = _has32Bit ? _processes.Of(record.ThreadId).Space.UserLimit : _space.Geometry.UserLimit;
        AddressRange presupposed = call.Presupposed(record.Call.Arguments);
        if (call.ReturnsAddress && (ulong)record.Outcome.Value > limit.Value)
            throw Beyond(record, (ulong)record.Outcome.Value, limit);
        if (presupposed.End > limit)
            throw Beyond(record, presupposed.Start.Value, limit);
    }

    private UnsupportedMachineException Beyond(in CallRecord record, ulong address, VirtualAddress limit)
    {
        string shown = string.Create(CultureInfo.InvariantCulture, $"0x{address << Machine.Scale:x}");
        string end = string.Create(CultureInfo.InvariantCulture, $"0x{limit.Value << Machine.Scale:x}");
        string tables = ReferenceEquals(Machine, Machine.Usual) ? $"the page tables, which end at {end}" : MachineText.Of(Machine);
        return new UnsupportedMachineException($"found {record.Name} at {shown}, beyond {tables}: name the log's machine with --arch, --page-size or --address-bits, or other tables with --geometry")
        {
            Line = record.Line,
        };
    }
}
