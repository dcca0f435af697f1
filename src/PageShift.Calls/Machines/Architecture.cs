namespace PageShift.Calls.Machines;

/// <summary>The processors whose logs can be told apart.</summary>
internal enum Architecture
{
    /// <summary>x86-64.</summary>
    X64,

    /// <summary>A 32-bit program of x86 under a 64-bit kernel, or under a kernel that the log says nothing of.</summary>
    I386,

    /// <summary>A 32-bit kernel of x86 with PAE: three levels of tables.</summary>
    I386Pae,

    /// <summary>A 32-bit kernel of x86 without PAE: two levels of tables.</summary>
    I386TwoLevel,

    /// <summary>A 32-bit program of Arm, under a 64-bit kernel or under one with LPAE.</summary>
    Arm,

    /// <summary>Arm of 64 bits.</summary>
    Arm64,

    /// <summary>LoongArch of 64 bits.</summary>
    LoongArch64,

    /// <summary>Power of 64 bits with radix tables.</summary>
    Power64,

    /// <summary>RISC-V of 64 bits.</summary>
    RiscV64,

    /// <summary>IBM Z.</summary>
    S390,
}

/// <summary>The names of the processors, as options and reports have them.</summary>
internal static class ArchitectureName
{
    /// <summary>All processors, in the order of their names.</summary>
    internal static IReadOnlyList<Architecture> All { get; } =
    [
        Architecture.X64, Architecture.I386, Architecture.I386Pae, Architecture.I386TwoLevel, Architecture.Arm, Architecture.Arm64, Architecture.LoongArch64, Architecture.Power64,
        Architecture.RiscV64, Architecture.S390,
    ];

    /// <summary>The name of one.</summary>
    internal static string Of(Architecture architecture) => architecture switch
    {
        Architecture.X64 => "x86-64",
        Architecture.I386 => "i386",
        Architecture.I386Pae => "i386-pae",
        Architecture.I386TwoLevel => "i386-2level",
        Architecture.Arm => "arm",
        Architecture.Arm64 => "arm64",
        Architecture.LoongArch64 => "loongarch64",
        Architecture.Power64 => "ppc64",
        Architecture.RiscV64 => "riscv64",
        _ => "s390x",
    };
}
