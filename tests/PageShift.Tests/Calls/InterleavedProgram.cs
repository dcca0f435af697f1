using System.Globalization;
using System.Text;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Physical;
using PageShift.SystemCalls;
using PageShift.Verification.Lockstep;

namespace PageShift.Tests.Calls;

/// <summary>Four threads that map, move, protect and unmap without a lock of their own, and the log that strace -f would write of them. The calls are made on a space of the engine, each at some moment between
/// what the log shows of its beginning and of its end.</summary>
internal sealed class InterleavedProgram : IDisposable
{
    private const int Threads = 4;
    private const int FirstThread = 100;

    private readonly PhysicalMemory _memory = new(PhysicalMemoryOptions.BytesFree);
    private readonly List<(int Thread, bool IsBegin, string Text)> _events = [];
    private readonly RunningThread[] _threads = [.. Enumerable.Range(0, Threads).Select(_ => new RunningThread())];
    private readonly bool _trespasses;
    private SplitMix _random;

    /// <param name="seed">Decides all.</param>
    /// <param name="steps">The steps of all threads together.</param>
    /// <param name="trespasses">Whether threads also make calls where they have something no more, and another may have.</param>
    internal InterleavedProgram(ulong seed, int steps, bool trespasses = false)
    {
        _random = new SplitMix(seed);
        _trespasses = trespasses;
        Space = new AddressSpace(_memory);
        for (int i = 0; i < steps; i++)
            Step((int)_random.Below(Threads));
        for (int thread = 0; thread < Threads; thread++)
        {
            while (_threads[thread].Phase != Phase.Idle)
                Step(thread);
        }
    }

    /// <summary>The space as the calls have left it.</summary>
    internal AddressSpace Space { get; }

    public void Dispose()
    {
        Space.Dispose();
        _memory.Dispose();
    }

    /// <summary>The log. A call is in one line when nothing of another thread's is between its beginning and its end.</summary>
    internal string Log()
    {
        var log = new StringBuilder();
        for (int thread = 1; thread < Threads; thread++)
            log.Append(CultureInfo.InvariantCulture, $"{FirstThread} clone(child_stack=0x7ffff0000000, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD) = {FirstThread + thread}\n");
        for (int i = 0; i < _events.Count; i++)
        {
            (int thread, bool isBegin, string text) = _events[i];
            bool isWhole = isBegin && i + 1 < _events.Count && _events[i + 1].Thread == thread;
            log.Append(CultureInfo.InvariantCulture, $"{FirstThread + thread} ");
            if (isWhole)
                log.Append(text).Append(Result(_events[++i].Text));
            else if (isBegin)
                log.Append(text).Append(" <unfinished ...>");
            else
                log.Append(CultureInfo.InvariantCulture, $"<... {text[..text.IndexOf(' ', StringComparison.Ordinal)]} resumed>{Result(text)}");
            log.Append('\n');
        }

        return log.ToString();
    }

    /// <summary>The logs of the threads, as strace -ff -tt writes them, one for each.</summary>
    /// <param name="hasDurations">Whether a call has its duration (-T).</param>
    internal IEnumerable<(int Thread, string Log)> Files(bool hasDurations)
    {
        const int Microseconds = 10; // from one event to the next
        for (int thread = 0; thread < Threads; thread++)
        {
            var log = new StringBuilder();
            for (int child = 1; thread == 0 && child < Threads; child++)
                log.Append(CultureInfo.InvariantCulture, $"10:00:00.{child:000000} clone(child_stack=0x7ffff0000000, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD) = {FirstThread + child}\n");
            for (int begin = 0; begin < _events.Count; begin++)
            {
                if (_events[begin].Thread != thread || !_events[begin].IsBegin)
                    continue;
                int end = _events.FindIndex(begin + 1, next => next.Thread == thread);
                var time = TimeSpan.FromMicroseconds((begin + 1) * Microseconds);
                string duration = hasDurations ? string.Create(CultureInfo.InvariantCulture, $" <{TimeSpan.FromMicroseconds((end - begin) * Microseconds).TotalSeconds:f6}>") : "";
                log.Append(CultureInfo.InvariantCulture, $"10:{time:mm\\:ss\\.ffffff} {_events[begin].Text}{Result(_events[end].Text)}{duration}\n");
            }

            yield return (FirstThread + thread, log.ToString());
        }
    }

    private static string Result(string end) => ")" + end[end.IndexOf(' ', StringComparison.Ordinal)..];

    /// <summary>A thread goes on: it begins a call, the kernel makes it, or it returns.</summary>
    private void Step(int number)
    {
        RunningThread thread = _threads[number];
        switch (thread.Phase)
        {
            case Phase.Idle:
                thread.Choose(ref _random, _trespasses);
                _events.Add((number, true, Text(thread.Call)));
                thread.Phase = Phase.Begun;
                break;
            case Phase.Begun:
                thread.Result = Space.Invoke(thread.Call.Number, thread.Call.Arguments);
                thread.Phase = Phase.Made;
                break;
            default:
                _events.Add((number, false, $"{SystemCall.NameOf(thread.Call.Number)} = {Text(thread.Call.Number, thread.Result)}"));
                thread.Learn();
                thread.Phase = Phase.Idle;
                break;
        }
    }

    private static string Text(SystemCallNumber number, CallResult result)
    {
        if (result.IsError)
            return $"-1 {ErrnoName.Of(result.Error)} (of some kind)";
        return number is SystemCallNumber.Map or SystemCallNumber.Remap ? string.Create(CultureInfo.InvariantCulture, $"0x{result.Raw:x}") : "0";
    }

    private static string Text(in SystemCall call)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        new CallLogWriter(text, outcomeColumn: 0).Write(new CallRecord { Kind = CallRecordKind.Call, Call = call, Outcome = CallOutcome.OfValue(0) });
        string line = text.ToString();
        return line[..line.LastIndexOf(')')];
    }

    private enum Phase
    {
        Idle,
        Begun,
        Made,
    }

    /// <summary>A thread, what it holds, and what it held.</summary>
    private sealed class RunningThread
    {
        private const ulong PrivateAnonymous = (ulong)(MapFlags.Private | MapFlags.Anonymous);
        private const int NoSlot = -1;
        private const ulong ReadWrite = (ulong)(Protection.Read | Protection.Write);

        private readonly (ulong Start, ulong Length)[] _held = new (ulong Start, ulong Length)[4];
        private (ulong Start, ulong Length) _lost;
        private int _slot = NoSlot;

        internal Phase Phase { get; set; }

        internal SystemCall Call { get; private set; }

        internal CallResult Result { get; set; }

        internal void Choose(ref SplitMix random, bool trespasses)
        {
            _slot = (int)random.Below((ulong)_held.Length);
            (ulong start, ulong length) = _held[_slot];
            if (trespasses && _lost.Length != 0 && random.Chance(10))
                (_slot, start, length) = (NoSlot, _lost.Start, _lost.Length);
            ulong wanted = 4096UL << (int)random.Below(4);
            if (length == 0)
                Call = Of(SystemCallNumber.Map, 0, wanted, ReadWrite, PrivateAnonymous, ulong.MaxValue);
            else
                Call = random.Below(5) switch
                {
                    0 or 1 => Of(SystemCallNumber.Unmap, start, length),
                    2 => Of(SystemCallNumber.Remap, start, length, wanted, (ulong)RemapFlags.MayMove),
                    3 => Of(SystemCallNumber.Protect, start, length, random.Chance(50) ? 1UL : ReadWrite),
                    _ => Of(SystemCallNumber.Map, start, length, ReadWrite, PrivateAnonymous | (ulong)MapFlags.Fixed, ulong.MaxValue),
                };
        }

        internal void Learn()
        {
            if (Result.IsError || _slot == NoSlot)
                return;
            if (Call.Number is SystemCallNumber.Unmap or SystemCallNumber.Remap)
                _lost = _held[_slot];
            switch (Call.Number)
            {
                case SystemCallNumber.Map:
                    _held[_slot] = ((ulong)Result.Raw, Call.Arguments.Second);
                    break;
                case SystemCallNumber.Remap:
                    _held[_slot] = ((ulong)Result.Raw, Call.Arguments.Third);
                    break;
                case SystemCallNumber.Unmap:
                    _held[_slot] = default;
                    break;
            }
        }

        private static SystemCall Of(SystemCallNumber number, ulong first, ulong second, ulong third = 0, ulong fourth = 0, ulong fifth = 0) =>
            new(number, new CallArguments(first, second, third, fourth, fifth));
    }
}
