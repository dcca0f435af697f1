using System.Globalization;

namespace PageShift.Linux.Tracing;

/// <summary>What the kernel says of a thread's security, the tracer's filter included.</summary>
/// <param name="Filters">How many filters watch its calls; null where the kernel does not tell (before Linux 5.9).</param>
/// <param name="HasNoNewPrivileges">True when no program that it executes can gain privilege.</param>
/// <param name="CanAdminister">True when it has CAP_SYS_ADMIN in its user namespace.</param>
internal readonly record struct SecurityState(int? Filters, bool HasNoNewPrivileges, bool CanAdminister)
{
    private const int CapSysAdmin = 21;

    /// <summary>Reads the state of <paramref name="thread"/>. One that has ended has none.</summary>
    public static SecurityState Of(int thread)
    {
        SecurityState state = default;
        try
        {
            foreach (string line in File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{thread}/status")))
            {
                ReadOnlySpan<char> value = line.AsSpan(line.IndexOf(':') + 1).Trim();
                if (line.StartsWith("CapEff:", StringComparison.Ordinal))
                    state = state with { CanAdminister = (ulong.Parse(value, NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> CapSysAdmin & 1) != 0 };
                else if (line.StartsWith("NoNewPrivs:", StringComparison.Ordinal))
                    state = state with { HasNoNewPrivileges = value is "1" };
                else if (line.StartsWith("Seccomp_filters:", StringComparison.Ordinal))
                    return state with { Filters = int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture) };
            }
        }
        catch (IOException)
        {
            // The thread ended, before the file was opened or while it was read.
        }

        return state;
    }
}
