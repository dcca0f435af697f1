using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>Standard input, for programs that are run several times and are each to read the same. A file can be read again; a pipe and a terminal can't.</summary>
internal sealed class RepeatableInput
{
    private const int StandardInput = 0;

    private readonly CallResult _start = Kernel.PositionOf(StandardInput);

    /// <summary>Goes back to where it was when this object was made.</summary>
    /// <returns>False where it can't: what has been read is gone.</returns>
    public bool TryRewind() => !_start.IsError && !Kernel.SetPositionOf(StandardInput, _start.Raw).IsError;
}
