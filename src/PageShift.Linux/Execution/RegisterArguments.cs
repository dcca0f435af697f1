namespace PageShift.Linux;

/// <summary>The six argument registers of a system call.</summary>
internal readonly record struct RegisterArguments(
    ulong First = 0, ulong Second = 0, ulong Third = 0, ulong Fourth = 0, ulong Fifth = 0, ulong Sixth = 0);
