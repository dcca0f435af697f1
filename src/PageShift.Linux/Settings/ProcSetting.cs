using System.Globalization;

namespace PageShift.Linux.Settings;

/// <summary>Reads a setting that the kernel shows as a small text file.</summary>
internal static class ProcSetting
{
    /// <summary>The text without the line's end, or null when there is no such file or it may not be read.</summary>
    internal static string? ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path).TrimEnd();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What a link such as /proc/PID/exe leads to, or null when there is none or it may not be read.</summary>
    internal static string? ReadLink(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: false)?.FullName;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The number, or null.</summary>
    internal static long? ReadNumber(string path) =>
        long.TryParse(ReadText(path), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : null;

    /// <summary>The choice in brackets of a text such as <c>always [madvise] never</c>, or null.</summary>
    internal static string? ReadChoice(string path)
    {
        string? text = ReadText(path);
        int start = text?.IndexOf('[', StringComparison.Ordinal) ?? -1;
        int end = text?.IndexOf(']', StringComparison.Ordinal) ?? -1;
        return text is not null && start >= 0 && end > start ? text[(start + 1)..end] : null;
    }
}
