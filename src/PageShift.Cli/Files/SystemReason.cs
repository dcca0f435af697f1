using System.Runtime.InteropServices;

namespace PageShift.Cli.Files;

/// <summary>Why the system refused something about a file, in its own words: "No space left on device".</summary>
internal static class SystemReason
{
    private const int LargestErrno = 4095;

    internal static bool IsKnown(Exception error) => error is IOException or UnauthorizedAccessException;

    /// <summary>The system's words; the exception's where it holds no error number.</summary>
    internal static string Of(Exception error)
    {
        Exception cause = error is UnauthorizedAccessException { InnerException: IOException inner } ? inner : error;
        return error switch
        {
            FileNotFoundException or DirectoryNotFoundException => "No such file or directory",
            PathTooLongException => "File name too long",
            _ when !OperatingSystem.IsWindows() && cause.HResult is > 0 and <= LargestErrno => Marshal.GetPInvokeErrorMessage(cause.HResult),
            UnauthorizedAccessException => "Permission denied",
            _ => error.Message,
        };
    }
}
