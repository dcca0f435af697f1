using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>getcpu(2).</content>
internal static unsafe partial class Kernel
{
    /// <summary>The processor on which the calling thread runs.</summary>
    internal static CallResult Getcpu()
    {
        uint processor;
        CallResult told = Invoke(CallNumber.Getcpu, (nint)(&processor));
        return told.IsError ? told : new CallResult(processor);
    }
}
