namespace PageShift.Linux.Settings;

/// <summary>The features of the processor that change what the memory calls do, as far as the running kernel uses them. Thread-safe.</summary>
internal static class ProcessorFeatures
{
    /// <summary>True when protection keys are in use (<c>ospke</c> among the flags in /proc/cpuinfo): then memory that may only be executed can't be read. False where that can't be read.</summary>
    public static bool HasProtectionKeys { get; } = ReadFlags().Contains("ospke");

    /// <summary>True when five levels of page tables are in use (<c>la57</c> there, which a kernel that uses four takes off): then hints above 47 bits are followed.</summary>
    public static bool HasFiveLevels { get; } = ReadFlags().Contains("la57");

    /// <summary>The flags of the first processor; all have the same.</summary>
    private static string[] ReadFlags()
    {
        try
        {
            string? line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(one => one.StartsWith("flags", StringComparison.Ordinal));
            return line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
