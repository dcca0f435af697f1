using System.Globalization;

namespace PageShift.Linux.Settings;

/// <summary>The version of a kernel, as far as its behaviour depends on it.</summary>
/// <param name="Major">The first number.</param>
/// <param name="Minor">The second number.</param>
/// <param name="Release">All that <c>uname -r</c> prints.</param>
internal sealed record KernelVersion(int Major, int Minor, string Release)
{
    /// <summary>Reads a release such as <c>6.18.44-amd64</c> or <c>6.7-rc1</c>; null when it does not begin with two numbers.</summary>
    public static KernelVersion? Parse(string release)
    {
        ArgumentNullException.ThrowIfNull(release);
        int dot = release.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0) return null;
        int end = dot + 1;
        while (end < release.Length && char.IsAsciiDigit(release[end])) end++;
        return int.TryParse(release.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            && int.TryParse(release.AsSpan(dot + 1, end - dot - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int minor)
            ? new KernelVersion(major, minor, release)
            : null;
    }

    /// <summary>The running kernel's version, or null where there is none to read.</summary>
    public static KernelVersion? ReadRunning() => ProcSetting.ReadText("/proc/sys/kernel/osrelease") is string release ? Parse(release) : null;

    /// <summary>True when this version is <paramref name="major"/>.<paramref name="minor"/> or later.</summary>
    public bool IsAtLeast(int major, int minor) => Major > major || (Major == major && Minor >= minor);

    /// <summary>The two numbers, such as 6.18.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");
}
