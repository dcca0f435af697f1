using PageShift.Abi;
using PageShift.SystemCalls;

namespace PageShift.Calls.Machines;

/// <summary>What in a record says which processor it is from, without looking at addresses.</summary>
internal static class ArchitectureSigns
{
    // Calls that one processor has, or a family. Source: the tables of system calls in arch/*/kernel/syscalls of Linux.
    private static readonly Dictionary<string, Architecture> ByCall = new(StringComparer.Ordinal)
    {
        ["arch_prctl"] = Architecture.X64,
        ["set_tls"] = Architecture.Arm,
        ["get_tls"] = Architecture.Arm,
        ["arm_fadvise64_64"] = Architecture.Arm,
        ["arm_sync_file_range"] = Architecture.Arm,
        ["rtas"] = Architecture.Power64,
        ["subpage_prot"] = Architecture.Power64,
        ["swapcontext"] = Architecture.Power64,
        ["switch_endian"] = Architecture.Power64,
        ["riscv_flush_icache"] = Architecture.RiscV64,
        ["riscv_hwprobe"] = Architecture.RiscV64,
        ["s390_guarded_storage"] = Architecture.S390,
        ["s390_pci_mmio_read"] = Architecture.S390,
        ["s390_pci_mmio_write"] = Architecture.S390,
        ["s390_runtime_instr"] = Architecture.S390,
        ["s390_sthyi"] = Architecture.S390,
    };

    // Folders and loaders of the libraries, as Debian and the GNU loader name them.
    private static readonly (string Part, Architecture Architecture)[] ByPath =
    [
        ("aarch64", Architecture.Arm64),
        ("x86_64", Architecture.X64),
        ("x86-64", Architecture.X64),
        ("/i386-linux-gnu/", Architecture.I386),
        ("arm-linux-gnueabi", Architecture.Arm),
        ("ld-linux-armhf", Architecture.Arm),
        ("loongarch64", Architecture.LoongArch64),
        ("ld-linux-loongarch", Architecture.LoongArch64),
        ("powerpc64", Architecture.Power64),
        ("ppc64le", Architecture.Power64),
        ("riscv64", Architecture.RiscV64),
        ("s390x", Architecture.S390),
    ];

    /// <summary>The processor that a record is from, and what shows it; null where it shows none.</summary>
    internal static (Architecture Architecture, string Sign)? Of(in CallRecord record)
    {
        if (record.Kind != CallRecordKind.Call)
            return null;
        if (record.Call.Standing == CallStanding.Other && ByCall.TryGetValue(record.Name, out Architecture named))
            return (named, record.Name);
        if (record.FilePath is { } path && IsOfLibraries(path))
        {
            foreach ((string part, Architecture architecture) in ByPath)
            {
                if (path.Contains(part, StringComparison.Ordinal))
                    return (architecture, path);
            }
        }

        // x86-64's mprotect refuses these bits.
        bool hasForeign = record.Call.Number == SystemCallNumber.Protect && record.Outcome.State == CallOutcomeState.Value && (record.Call.Arguments.Third & ForeignProtection.All) != 0;
        return hasForeign ? (Architecture.Arm64, (record.Call.Arguments.Third & ForeignProtection.MemoryTags) != 0 ? "PROT_MTE" : "PROT_BTI") : null;
    }

    /// <summary>True for a path that the loader opens; a program may open any other.</summary>
    private static bool IsOfLibraries(string path) => path.StartsWith("/lib", StringComparison.Ordinal) || path.StartsWith("/usr/lib", StringComparison.Ordinal);
}
