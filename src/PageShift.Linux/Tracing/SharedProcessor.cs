using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>Lets a traced thread go on where the tracer runs, where that is faster. The two never run at the same time, and yet the kernel wakes the one on another
/// processor when that is idle; where an idle processor sleeps, and above all in a virtual machine, waking it takes longer than all else that a stop costs (measured: a
/// call took 100 us instead of 25). To choose, the thread's processors are narrowed to the tracer's while it is woken, and are what they were before it runs. So that it does not
/// run before, the tracer takes precedence over ordinary threads meanwhile; where it has no right to (CAP_SYS_NICE), the kernel chooses.
/// <para>Which way is faster is measured by the calls themselves, again and again. Only while one thread alone is traced: several can run at a time.</para>
/// Used by the tracing thread only.</summary>
internal sealed class SharedProcessor : IDisposable
{
    private const int CallsMeasured = 16;
    private const int MeasurementsBetweenTrials = 128;

    // What narrowing itself costs is seen in a call's time only in part.
    private const double LeastGain = 1.5;
    private const long Unknown = long.MaxValue;

    private readonly ProcessorSet _own;
    private readonly long[] _times = new long[CallsMeasured];
    private int _count;
    private int _measurements;

    // The last median of each way, in nanoseconds.
    private long _apart;
    private long _together = Unknown;
    private bool _isPossible;
    private bool _isTogether;

    // While together: the processor, and the thread's processors as they are told and as they are to be set again.
    private ProcessorSet _here;
    private int _thread;
    private ProcessorSet _threadHas;
    private ProcessorSet _threadGets;

    /// <summary>Notes on which processors the tracing thread may run.</summary>
    /// <param name="isAllowed">False lets the kernel choose, always.</param>
    public SharedProcessor(bool isAllowed = true) => _isPossible = TryGet(Kernel.CallingThread, out _own) && _own.Count > 1 && isAllowed;

    /// <summary>Lets the tracing thread run where it could before.</summary>
    public void Dispose() => Part();

    /// <summary>A call has returned: chooses the way for the next ones now and then.</summary>
    /// <param name="thread">Its thread.</param>
    /// <param name="nanoseconds">From letting it enter the kernel to hearing of its return.</param>
    public void OnCall(int thread, long nanoseconds)
    {
        if (!_isPossible)
            return;
        _times[_count++] = nanoseconds;
        if (_count < CallsMeasured)
            return;
        _count = 0;
        Array.Sort(_times);
        Choose(thread, _times[CallsMeasured / 2]);
    }

    /// <summary>Several threads are traced: lets the kernel choose.</summary>
    public void Part()
    {
        _count = 0;
        if (!_isTogether)
            return;
        _isTogether = false;
        RealTimeTurn.GiveBack();
        _ = TrySet(Kernel.CallingThread, _own);
    }

    /// <summary>A thread is about to be woken. True when it will be where the tracer runs: then <see cref="Wake"/> must follow.</summary>
    public bool Waking(int thread)
    {
        if (!_isTogether)
            return false;
        if (!RealTimeTurn.IsOrdinary(thread) || !TryGet(thread, out ProcessorSet has) || has.FirstIn(_here) < 0)
        {
            Part();
            return false;
        }

        if ((thread != _thread || !has.Equals(_threadHas)) && !TryLearn(thread, has))
            return false;
        if (TrySet(thread, _here))
            return true;
        GiveUp();
        return false;
    }

    /// <summary>Lets a thread go on, which waits for this one to sleep, and gives it its processors again.</summary>
    public void Wake(int thread, bool untilSystemCall, int signal) => Kernel.PtraceGoOn(thread, untilSystemCall, signal, _threadGets);

    /// <summary>A thread was born, of one that may have run before <see cref="Wake"/> was through.</summary>
    public void Born(int thread)
    {
        if (_isTogether && TryGet(thread, out ProcessorSet has) && has.Equals(_here))
            _ = TrySet(thread, _threadGets);
    }

    private void Choose(int thread, long median)
    {
        if (!_isTogether)
        {
            _apart = median;
            if (_together == Unknown || _together * LeastGain < _apart)
                Join(thread);
            return;
        }

        _together = median;
        if (_together * LeastGain >= _apart || ++_measurements == MeasurementsBetweenTrials)
            Part();
    }

    private void Join(int thread)
    {
        _measurements = 0;
        if (!TryGet(thread, out ProcessorSet has))
            return;
        int processor = (int)Kernel.Getcpu().Raw;
        _here = ProcessorSet.Of(has.Contains(processor) ? processor : has.FirstIn(_own));
        _isTogether = RealTimeTurn.TryTake();
        if (!_isTogether || !TrySet(Kernel.CallingThread, _here))
            GiveUp();
    }

    /// <summary>Finds out how to give a thread its processors again.</summary>
    private bool TryLearn(int thread, in ProcessorSet has)
    {
        // Where every processor that it may have is among its own, it was not bound to them, and is not to be from now on.
        _thread = thread;
        _threadHas = has;
        _threadGets = ProcessorSet.All;
        if (TrySet(thread, _threadGets) && TryGet(thread, out ProcessorSet all) && all.Equals(has))
            return true;
        _threadGets = has;
        if (TrySet(thread, _threadGets))
            return true;
        GiveUp();
        return false;
    }

    private static bool TryGet(int thread, out ProcessorSet processors) => !Kernel.SchedGetaffinity(thread, out processors).IsError;

    private static bool TrySet(int thread, in ProcessorSet processors) => !Kernel.SchedSetaffinity(thread, processors).IsError;

    private void GiveUp()
    {
        Part();
        _isPossible = false;
    }
}
