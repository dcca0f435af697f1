using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <summary>personality(2) of the calling thread, which what it starts inherits.</summary>
internal static class Personality
{
    /// <summary>ADDR_NO_RANDOMIZE.</summary>
    internal const uint WithoutRandomizedAddresses = 0x0040000;
    private const long Number = 135;
    private const uint Query = 0xffffffff;

    /// <summary>The current value.</summary>
    internal static CallResult Get() => SystemCall.Invoke(Number, unchecked((nint)Query));

    /// <summary>Changes the value.</summary>
    internal static CallResult Set(uint value) => SystemCall.Invoke(Number, (nint)value);
}
