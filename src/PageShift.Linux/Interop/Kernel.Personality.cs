using PageShift.Abi;

namespace PageShift.Linux.Interop;

/// <content>personality(2) of the calling thread, which what it starts inherits. Source: <c>include/uapi/linux/personality.h</c> (values).</content>
internal static unsafe partial class Kernel
{
    /// <summary>ADDR_NO_RANDOMIZE.</summary>
    internal const uint WithoutRandomizedAddresses = 0x0040000;

    private const uint PersonalityQuery = 0xffffffff;

    /// <summary>Sets the personality; null leaves it.</summary>
    /// <returns>The former one.</returns>
    internal static CallResult Personality(uint? value) => Invoke(CallNumber.Personality, (nint)(value ?? PersonalityQuery));
}
