namespace PageShift.Calls;

/// <summary>How one argument of a call is read and written.</summary>
internal enum ArgumentType : byte
{
    /// <summary>NULL or hexadecimal.</summary>
    Address,

    /// <summary>Decimal bytes.</summary>
    Length,

    /// <summary>A file offset: 0 or hexadecimal.</summary>
    Offset,

    /// <summary>Any number: 0 or hexadecimal.</summary>
    Number,

    /// <summary>A decimal int.</summary>
    Signed,

    /// <summary>A decimal int, with strace -y followed by the file in angle brackets.</summary>
    FileDescriptor,

    /// <summary>An address, or the bytes there in square brackets.</summary>
    Vector,

    /// <summary>PROT_ flags.</summary>
    Protection,

    /// <summary>MAP_ flags.</summary>
    MapFlags,

    /// <summary>MREMAP_ flags.</summary>
    RemapFlags,

    /// <summary>A MADV_ value.</summary>
    Advice,

    /// <summary>MLOCK_ flags.</summary>
    LockFlags,

    /// <summary>MCL_ flags.</summary>
    LockAllFlags,

    /// <summary>MS_ flags.</summary>
    SyncFlags,
}

/// <summary>The arguments of the calls of the form <see cref="CallForm.Numbers"/>.</summary>
internal static class CallSignature
{
    private static readonly ArgumentType[] AddressAndLength = [ArgumentType.Address, ArgumentType.Length];

    private static readonly ArgumentType[][] ByKind = Build();

    /// <summary>The types of the arguments of <paramref name="kind"/>, in order.</summary>
    public static ReadOnlySpan<ArgumentType> Of(CallKind kind) => ByKind[(int)kind];

    /// <summary>How many arguments must stand: mremap's last one is written only where the call uses it, the span of present only where it is not a page's.</summary>
    public static int RequiredCount(CallKind kind) => kind switch
    {
        CallKind.Remap => 4,
        CallKind.Present => 2,
        _ => ByKind[(int)kind].Length,
    };

    /// <summary>The names that an argument may hold; null where it is a plain number.</summary>
    public static FlagSet? NamesOf(ArgumentType type) => type switch
    {
        ArgumentType.Protection => FlagNames.Protection,
        ArgumentType.MapFlags => FlagNames.Map,
        ArgumentType.RemapFlags => FlagNames.Remap,
        ArgumentType.Advice => FlagNames.Advice,
        ArgumentType.LockFlags => FlagNames.Lock,
        ArgumentType.LockAllFlags => FlagNames.LockAll,
        ArgumentType.SyncFlags => FlagNames.Sync,
        _ => null,
    };

    /// <summary>What a syntax error says was expected.</summary>
    public static string ExpectedOf(ArgumentType type) => type switch
    {
        ArgumentType.Address => "an address",
        ArgumentType.Length => "a length",
        ArgumentType.Offset => "an offset",
        ArgumentType.Number or ArgumentType.Signed => "a number",
        ArgumentType.FileDescriptor => "a file descriptor",
        ArgumentType.Vector => "an address or the bytes of a vector",
        _ => NamesOf(type)!.Expected,
    };

    private static ArgumentType[][] Build()
    {
        var byKind = new ArgumentType[Enum.GetValues<CallKind>().Length][];
        Array.Fill(byKind, []);
        byKind[(int)CallKind.Map] =
        [
            .. AddressAndLength, ArgumentType.Protection, ArgumentType.MapFlags, ArgumentType.FileDescriptor, ArgumentType.Offset,
        ];
        byKind[(int)CallKind.Unmap] = AddressAndLength;
        byKind[(int)CallKind.Remap] =
            [ArgumentType.Address, ArgumentType.Length, ArgumentType.Length, ArgumentType.RemapFlags, ArgumentType.Address];
        byKind[(int)CallKind.Protect] = [.. AddressAndLength, ArgumentType.Protection];
        byKind[(int)CallKind.ProtectWithKey] = [.. AddressAndLength, ArgumentType.Protection, ArgumentType.Signed];
        byKind[(int)CallKind.Advise] = [.. AddressAndLength, ArgumentType.Advice];
        byKind[(int)CallKind.Break] = [ArgumentType.Address];
        byKind[(int)CallKind.InCore] = [.. AddressAndLength, ArgumentType.Vector];
        byKind[(int)CallKind.Lock] = AddressAndLength;
        byKind[(int)CallKind.Lock2] = [.. AddressAndLength, ArgumentType.LockFlags];
        byKind[(int)CallKind.Unlock] = AddressAndLength;
        byKind[(int)CallKind.LockAll] = [ArgumentType.LockAllFlags];
        byKind[(int)CallKind.UnlockAll] = [];
        byKind[(int)CallKind.Sync] = [.. AddressAndLength, ArgumentType.SyncFlags];
        byKind[(int)CallKind.Seal] = [.. AddressAndLength, ArgumentType.Number];
        byKind[(int)CallKind.Exit] = [ArgumentType.Signed];
        byKind[(int)CallKind.ExitGroup] = [ArgumentType.Signed];
        byKind[(int)CallKind.MemorySet] = [ArgumentType.Address, ArgumentType.Number, ArgumentType.Length];
        byKind[(int)CallKind.MemoryRead] = AddressAndLength;
        byKind[(int)CallKind.Present] = [.. AddressAndLength, ArgumentType.Length];
        byKind[(int)CallKind.Absent] = [];
        byKind[(int)CallKind.AnonVma] = [ArgumentType.Address];
        byKind[(int)CallKind.Truncate] = [ArgumentType.FileDescriptor, ArgumentType.Length];
        byKind[(int)CallKind.RelocateDown] = [ArgumentType.Address, ArgumentType.Length, ArgumentType.Length];
        return byKind;
    }
}
