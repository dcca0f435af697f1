namespace PageShift.Cli.Files;

/// <summary>Files that options name for output.</summary>
internal static class OutputFile
{
    /// <summary>Makes a file, or empties it.</summary>
    /// <exception cref="UsageException">It can't be written.</exception>
    internal static Stream Create(string option, string file) => new NamedStream(Open(option, file, FileMode.Create), $"{option}: {file}");

    /// <summary>Makes a directory, if there is none yet.</summary>
    /// <exception cref="UsageException">It can't be made.</exception>
    internal static void CreateDirectory(string option, string directory)
    {
        if (directory.Length == 0 || directory.Contains('\0'))
            throw new UsageException($"{option}: found a name that no directory can have, expected a directory");
        if (File.Exists(directory))
            throw new UsageException($"{option}: found the file {directory}, expected a directory");
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception error) when (SystemReason.IsKnown(error))
        {
            throw new UsageException($"{option}: found '{directory}', which can't be made ({SystemReason.Of(error)}), expected a directory that can be written to");
        }
    }

    /// <summary>Opens a file that will be written when all is known, and keeps what is in it until then.</summary>
    /// <exception cref="UsageException">It can't be written.</exception>
    internal static FileStream OpenForLater(string option, string file) => Open(option, file, FileMode.OpenOrCreate);

    /// <summary>Makes a file that will be written when all is known; null if there is one of that name, or none can be made.</summary>
    internal static FileStream? TryOpenNew(string file)
    {
        try
        {
            return new FileStream(file, Options(FileMode.CreateNew));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Refuses a file that is to be written although it is read, or written for something else.</summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="file">The file; null when the option is not given.</param>
    /// <param name="other">The other file, if there is one.</param>
    /// <param name="use">What the other file is.</param>
    /// <exception cref="UsageException">They are one file.</exception>
    internal static void RefuseSame(string option, string? file, string? other, string use)
    {
        if (file is not null && other is not null && IsRegular(file) && IsRegular(other) && TargetOf(file) == TargetOf(other))
            throw new UsageException($"{option}: found {file}, which is {use}, expected another file");
    }

    /// <summary>Devices and standard streams can take several outputs.</summary>
    private static bool IsRegular(string file) => file.Length != 0 && file != "-" && !file.Contains('\0') && !file.StartsWith("/dev/", StringComparison.Ordinal);

    private static string TargetOf(string file)
    {
        var named = new FileInfo(file);
        return named.LinkTarget is null ? named.FullName : named.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? named.FullName;
    }

    private static FileStreamOptions Options(FileMode mode) => new() { Mode = mode, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 1 << 16 };

    private static FileStream Open(string option, string file, FileMode mode)
    {
        if (file.Length == 0 || file.Contains('\0'))
            throw new UsageException($"{option}: found a name that no file can have, expected a file's name");
        if (Directory.Exists(file))
            throw new UsageException($"{option}: {file}: found a directory, expected a file's name");
        try
        {
            return new FileStream(file, Options(mode));
        }
        catch (Exception error) when (SystemReason.IsKnown(error))
        {
            throw new UsageException($"{option}: {file} can't be written: {SystemReason.Of(error)}");
        }
    }
}
