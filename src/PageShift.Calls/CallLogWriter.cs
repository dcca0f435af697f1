using System.Buffers;
using System.Globalization;
using System.Text;
using PageShift.Abi;

namespace PageShift.Calls;

/// <summary>Writes records in strace's format, one line each: as strace 6.1 with -o writes them, where a record holds all that
/// strace shows, and otherwise so that <see cref="CallLogReader"/> reads an equal record.</summary>
/// <remarks>The arguments of calls that are not modelled are not known to a record and are written as "...".
/// Clones are written as clone3. Not thread-safe.</remarks>
public sealed class CallLogWriter
{
    private const int StraceColumn = 40;

    /// <summary>The flags with which strace writes mremap's new address.</summary>
    private const ulong Moves = (ulong)(Abi.RemapFlags.MayMove | Abi.RemapFlags.Fixed);

    private const long NanosecondsPerSecond = 1_000_000_000;

    private static readonly SearchValues<byte> EscapedInString = SearchValues.Create(""u8);
    private static readonly SearchValues<byte> EscapedInAnnotation = SearchValues.Create("<>"u8);

    private readonly TextWriter _output;
    private readonly int _outcomeColumn;
    private readonly StringBuilder _line = new();
    private readonly HashSet<int> _cloning = [];

    /// <summary>Writes to <paramref name="output"/>, which stays the caller's to flush and to close.</summary>
    /// <param name="output">Takes the lines.</param>
    /// <param name="outcomeColumn">The column of '=', counted from 0, where the call is not longer (strace -a).</param>
    public CallLogWriter(TextWriter output, int outcomeColumn = StraceColumn)
    {
        ArgumentNullException.ThrowIfNull(output);
        _output = output;
        _outcomeColumn = outcomeColumn;
    }

    /// <summary>Writes one record. Its line number is not written; the position in the output takes its place.</summary>
    /// <exception cref="ArgumentException">The record's kind is none of those defined.</exception>
    public void Write(in CallRecord record)
    {
        if (record.Kind == CallRecordKind.ThreadBegan)
            return; // what a reader finds out is no line
        _line.Clear();
        if (record.Kind == CallRecordKind.Attached)
        {
            _line.Append(CultureInfo.InvariantCulture, $"strace: Process {record.ThreadId} attached");
        }
        else if (record.Kind == CallRecordKind.Detached)
        {
            _line.Append(CultureInfo.InvariantCulture, $"strace: Process {record.ThreadId} detached");
        }
        else
        {
            if (record.ThreadId != 0)
                _line.Append(CultureInfo.InvariantCulture, $"{record.ThreadId,-5} ");
            AppendTimestamp(record.Timestamp);
            AppendContent(record);
        }

        _output.Write(_line.Append('\n'));
    }

    private void AppendContent(in CallRecord record)
    {
        switch (record.Kind)
        {
            case CallRecordKind.Call:
                AppendCall(record);
                break;
            case CallRecordKind.CloneStarted:
                _cloning.Add(record.ThreadId);
                AppendClone(record.Call.Arguments);
                _line.Append(" <unfinished ...>");
                break;
            case CallRecordKind.Exited:
                _line.Append(CultureInfo.InvariantCulture, $"+++ exited with {record.Outcome.Value} +++");
                break;
            case CallRecordKind.Killed:
                _line.Append(CultureInfo.InvariantCulture, $"+++ killed by {record.Name} +++");
                break;
            case CallRecordKind.Superseded:
                _line.Append(CultureInfo.InvariantCulture, $"+++ superseded by execve in pid {record.Outcome.Value} +++");
                break;
            default:
                throw new ArgumentException($"{record.Kind} is no kind of record.", nameof(record));
        }
    }

    private void AppendCall(in CallRecord record)
    {
        if (record.Call.Kind == CallKind.Clone && _cloning.Remove(record.ThreadId))
            _line.Append("<... clone3 resumed>)");
        else
            AppendArguments(record);
        AppendOutcome(record);
    }

    private void AppendArguments(in CallRecord record)
    {
        CallArguments arguments = record.Call.Arguments;
        switch (record.Call.Kind)
        {
            case CallKind.Clone:
                AppendClone(arguments);
                _line.Append(')');
                break;
            case CallKind.Execute:
                _line.Append("execve(");
                AppendPath(record.FilePath);
                _line.Append(", ...)");
                break;
            case CallKind.OpenFile:
                _line.Append("openat(AT_FDCWD, ");
                AppendPath(record.FilePath);
                _line.Append(", ");
                FlagNames.OpenMode.WriteValue(_line, arguments.First & FlagNames.OpenModeMask);
                FlagNames.Open.WriteFlags(_line, arguments.First & ~FlagNames.OpenModeMask, isContinued: true);
                _line.Append(')');
                break;
            case CallKind.CloseFile when arguments.First != arguments.Second:
                _line.Append(CultureInfo.InvariantCulture, $"close_range({(long)arguments.First}, {(long)arguments.Second}, 0)");
                break;
            case CallKind.CloseFile or CallKind.DuplicateFile:
                _line.Append(CultureInfo.InvariantCulture, $"{record.Name}({(long)arguments.First})");
                break;
            case CallKind.SetLimit:
                _line.Append("setrlimit(");
                FlagNames.Resource.WriteValue(_line, arguments.First);
                string limit = arguments.Second == ulong.MaxValue ? "RLIM64_INFINITY" : arguments.Second.ToString(CultureInfo.InvariantCulture);
                _line.Append(CultureInfo.InvariantCulture, $", {{rlim_cur={limit}, rlim_max=RLIM64_INFINITY}})");
                break;
            case CallKind.Unknown or CallKind.Other or CallKind.Unsupported:
                _line.Append(record.Name).Append("(...)");
                break;
            default:
                AppendNumbers(record);
                break;
        }
    }

    private void AppendNumbers(in CallRecord record)
    {
        CallArguments arguments = record.Call.Arguments;
        _line.Append(record.Name).Append('(');
        ReadOnlySpan<ArgumentType> types = CallSignature.Of(record.Call.Kind);
        for (int i = 0; i < types.Length; i++)
        {
            // strace leaves out mremap's new address where the flags do not call for it, and with it a hint; a hint is kept here.
            if (i == CallSignature.RequiredCount(record.Call.Kind) && arguments[i] == 0 && (arguments.Fourth & Moves) != Moves)
                break;
            if (i > 0)
                _line.Append(", ");
            AppendNumber(types[i], arguments[i]);
            if (types[i] == ArgumentType.FileDescriptor && record.FilePath is not null)
                AppendAnnotation(record.FilePath);
        }

        _line.Append(')');
    }

    private void AppendNumber(ArgumentType type, ulong value)
    {
        switch (type)
        {
            case ArgumentType.Address or ArgumentType.Vector when value == 0:
                _line.Append("NULL");
                break;
            case ArgumentType.Address or ArgumentType.Vector or ArgumentType.Offset or ArgumentType.Number:
                AppendHexadecimal(value);
                break;
            case ArgumentType.Length:
                _line.Append(value);
                break;
            case ArgumentType.Signed or ArgumentType.FileDescriptor:
                _line.Append((long)value);
                break;
            case ArgumentType.MapFlags:
                AppendMapFlags(value);
                break;
            case ArgumentType.Advice:
                FlagNames.Advice.WriteValue(_line, value);
                break;
            default:
                CallSignature.NamesOf(type)!.WriteFlags(_line, value);
                break;
        }
    }

    private void AppendMapFlags(ulong value)
    {
        const ulong Huge = FlagNames.HugeMask << FlagNames.HugeShift;
        FlagNames.MapType.WriteValue(_line, value & (ulong)Abi.MapFlags.TypeMask);
        FlagNames.Map.WriteFlags(_line, value & ~(Huge | (ulong)Abi.MapFlags.TypeMask), isContinued: true);
        if ((value & Huge) != 0)
            _line.Append(CultureInfo.InvariantCulture, $"|{(value & Huge) >> FlagNames.HugeShift}<<MAP_HUGE_SHIFT");
    }

    private void AppendClone(CallArguments arguments)
    {
        _line.Append("clone3({flags=");
        FlagNames.Clone.WriteFlags(_line, arguments.First);
        _line.Append(CultureInfo.InvariantCulture, $", exit_signal={SignalNames.Of((int)arguments.Second)}}}, 88");
    }

    private void AppendPath(string? path)
    {
        if (path is null)
        {
            _line.Append("NULL");
            return;
        }

        _line.Append('"');
        EscapedText.Write(_line, path, EscapedInString);
        _line.Append('"');
    }

    private void AppendAnnotation(string path)
    {
        _line.Append('<');
        EscapedText.Write(_line, path, EscapedInAnnotation);
        _line.Append('>');
    }

    private void AppendOutcome(in CallRecord record)
    {
        CallOutcome outcome = record.Outcome;
        if (outcome.State == CallOutcomeState.None)
            return;
        _line.Append(' ', Math.Max(1, _outcomeColumn - _line.Length)).Append("= ");
        switch (outcome.State)
        {
            case CallOutcomeState.Value when record.Call.Kind is CallKind.Map or CallKind.Remap or CallKind.Break or CallKind.RelocateDown:
                AppendHexadecimal((ulong)outcome.Value);
                break;
            case CallOutcomeState.Value:
                _line.Append(outcome.Value);
                break;
            case CallOutcomeState.Error:
                _line.Append("-1 ");
                ErrorNames.Write(_line, (int)outcome.Error);
                break;
            default:
                _line.Append('?');
                if (outcome.Error != Abi.Errno.None)
                    ErrorNames.Write(_line.Append(' '), (int)outcome.Error);
                break;
        }

        if (record.IsInjected)
            _line.Append(" (INJECTED)");
        if (record.DurationNanoseconds is { } duration)
        {
            _line.Append(" <");
            AppendSeconds(duration, 1);
            _line.Append('>');
        }
    }

    private void AppendTimestamp(CallTimestamp timestamp)
    {
        switch (timestamp.Form)
        {
            case CallTimestampForm.None:
                return;
            case CallTimestampForm.TimeOfDay:
                long minutes = timestamp.Nanoseconds / (60 * NanosecondsPerSecond);
                _line.Append(CultureInfo.InvariantCulture, $"{minutes / 60:00}:{minutes % 60:00}:");
                AppendSeconds(timestamp.Nanoseconds % (60 * NanosecondsPerSecond), 2, '0');
                break;
            case CallTimestampForm.Epoch:
                AppendSeconds(timestamp.Nanoseconds, 1);
                break;
            default:
                AppendSeconds(timestamp.Nanoseconds, 6);
                break;
        }

        _line.Append(' ');
    }

    /// <summary>Writes microseconds as strace does, and nanoseconds where there are any (strace's precision "ns").</summary>
    private void AppendSeconds(long nanoseconds, int width, char padding = ' ')
    {
        string seconds = (nanoseconds / NanosecondsPerSecond).ToString(CultureInfo.InvariantCulture);
        long fraction = nanoseconds % NanosecondsPerSecond;
        _line.Append(seconds.PadLeft(width, padding));
        if (fraction % 1000 == 0)
            _line.Append(CultureInfo.InvariantCulture, $".{fraction / 1000:000000}");
        else
            _line.Append(CultureInfo.InvariantCulture, $".{fraction:000000000}");
    }

    private void AppendHexadecimal(ulong value)
    {
        if (value == 0)
            _line.Append('0');
        else
            _line.Append(CultureInfo.InvariantCulture, $"0x{value:x}");
    }
}
