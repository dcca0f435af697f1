using System.Buffers;
using System.Globalization;
using System.Text;
using PageShift.Abi;
using PageShift.Calls.Names;
using PageShift.Calls.Text;
using PageShift.SystemCalls;

namespace PageShift.Calls;

/// <summary>Writes records in strace's format, one line each: as strace 6.1 with -o writes them, where a record holds all that
/// strace shows, and otherwise so that <see cref="CallLogReader"/> reads an equal record.</summary>
/// <remarks>The arguments of calls that are not modelled are not known to a record and are written as "...".
/// Clones are written as clone3. Not thread-safe.</remarks>
public sealed class CallLogWriter
{
    private const int StraceColumn = 40;

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
        if (record.Kind is CallRecordKind.ThreadBegan or CallRecordKind.CallStarted)
            return; // what a reader finds out is no line; and a call is written in one, where it ends
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
        if (record.Call.Number == SystemCallNumber.Clone && _cloning.Remove(record.ThreadId))
            _line.Append("<... clone3 resumed>)");
        else
            AppendArguments(record);
        AppendOutcome(record);
    }

    private void AppendArguments(in CallRecord record)
    {
        CallArguments arguments = record.Call.Arguments;
        switch (record.Call.Number)
        {
            case SystemCallNumber.Clone:
                AppendClone(arguments);
                _line.Append(')');
                break;
            case SystemCallNumber.Execute:
                _line.Append("execve(");
                AppendPath(record.FilePath);
                _line.Append(", ...)");
                break;
            case SystemCallNumber.OpenFile:
                _line.Append("openat(AT_FDCWD, ");
                AppendPath(record.FilePath);
                _line.Append(", ");
                ProcessFlagNames.Open.WriteFlags(_line, arguments.First);
                _line.Append(')');
                break;
            case SystemCallNumber.CloseFile when arguments.First != arguments.Second:
                _line.Append(CultureInfo.InvariantCulture, $"close_range({(long)arguments.First}, {(long)arguments.Second}, 0)");
                break;
            case SystemCallNumber.CloseFile or SystemCallNumber.DuplicateFile:
                _line.Append(CultureInfo.InvariantCulture, $"{record.Name}({(long)arguments.First})");
                break;
            case SystemCallNumber.SetLimit:
                AppendLimit(arguments);
                break;
            case SystemCallNumber.ControlProcess when record.Call.Description is null:
                _line.Append(CultureInfo.InvariantCulture, $"prctl({arguments.First}, ...)");
                break;
            case SystemCallNumber.ControlProcess when record.Call.Description!.ConcernsMemory(arguments):
                AppendNumbers(record, SystemCallNames.ControlSignature);
                break;
            case SystemCallNumber.SetCapabilities or SystemCallNumber.GetCapabilities:
                _line.Append(CultureInfo.InvariantCulture, $"{record.Name}({{version=_LINUX_CAPABILITY_VERSION_3, pid={arguments.First}}}, {{effective=0x{arguments.Second:x}, ...}})");
                break;
            case var number when SystemCallNames.SignatureOf(number) is { } signature:
                AppendNumbers(record, signature);
                break;
            default:
                _line.Append(record.Name).Append("(...)");
                break;
        }
    }

    private void AppendNumbers(in CallRecord record, CallSignature signature)
    {
        CallArguments arguments = record.Call.Arguments;
        bool showsOptional = record.Call.Description?.ShowsOptional(arguments) ?? false;
        _line.Append(record.Name).Append('(');
        for (int i = 0; i < signature.Parameters.Length; i++)
        {
            LogParameter parameter = signature.Parameters[i];
            if (parameter.IsOptional && !showsOptional && AreZero(arguments, i, signature.Parameters.Length))
                break;
            if (i > 0)
                _line.Append(", ");
            AppendNumber(parameter, arguments[i]);
            if (parameter.Form == ArgumentForm.FileDescriptor && record.FilePath is not null)
                AppendAnnotation(record.FilePath);
        }

        _line.Append(')');
    }

    /// <summary>True when nothing is said by the arguments from <paramref name="first"/> on.</summary>
    private static bool AreZero(in CallArguments arguments, int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            if (arguments[i] != 0)
                return false;
        }

        return true;
    }

    private void AppendNumber(LogParameter parameter, ulong value)
    {
        switch (parameter.Form)
        {
            case ArgumentForm.Address or ArgumentForm.Vector when value == 0:
                _line.Append("NULL");
                break;
            case ArgumentForm.Number when parameter.Names is { } names && names.TryFindName(value, out string name):
                _line.Append(name);
                break;
            case ArgumentForm.Address or ArgumentForm.Vector or ArgumentForm.Offset or ArgumentForm.Number:
                AppendHexadecimal(value);
                break;
            case ArgumentForm.Length or ArgumentForm.Count:
                _line.Append(value);
                break;
            case ArgumentForm.Signed or ArgumentForm.FileDescriptor or ArgumentForm.Identifier:
                _line.Append((long)value);
                break;
            case ArgumentForm.Value:
                parameter.Names!.WriteValue(_line, value);
                break;
            default:
                parameter.Names!.WriteFlags(_line, value);
                break;
        }
    }

    private void AppendLimit(CallArguments arguments)
    {
        if (arguments.Third == 0)
            _line.Append("setrlimit(");
        else
            _line.Append(CultureInfo.InvariantCulture, $"prlimit64({arguments.Third}, ");
        ProcessFlagNames.Resource.WriteValue(_line, arguments.First);
        string limit = arguments.Second == ulong.MaxValue ? "RLIM64_INFINITY" : arguments.Second.ToString(CultureInfo.InvariantCulture);
        _line.Append(CultureInfo.InvariantCulture, $", {{rlim_cur={limit}, rlim_max=RLIM64_INFINITY}}").Append(arguments.Third == 0 ? ")" : ", NULL)");
    }

    private void AppendClone(CallArguments arguments)
    {
        _line.Append("clone3({flags=");
        ProcessFlagNames.Clone.WriteFlags(_line, arguments.First);
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
            case CallOutcomeState.Value when record.Call.ReturnsAddress:
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
