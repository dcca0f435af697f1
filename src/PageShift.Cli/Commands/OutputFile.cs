namespace PageShift.Cli.Commands;

/// <summary>Files that options name for output.</summary>
internal static class OutputFile
{
    /// <summary>Makes a file, or empties it.</summary>
    /// <exception cref="UsageException">It can't be written.</exception>
    internal static FileStream Create(string option, string file) => Open(option, file, FileMode.Create);

    /// <summary>Opens a file that will be written when all is known, and keeps what is in it until then.</summary>
    /// <exception cref="UsageException">It can't be written.</exception>
    internal static FileStream OpenForLater(string option, string file) => Open(option, file, FileMode.OpenOrCreate);

    private static FileStream Open(string option, string file, FileMode mode)
    {
        if (file.Length == 0 || file.Contains('\0'))
            throw new UsageException($"{option}: found a name that no file can have, expected a file's name");
        try
        {
            return new FileStream(file, new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.ReadWrite, BufferSize = 1 << 16 });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{option}: {file} can't be written: {error.Message}");
        }
    }
}
