namespace PageShift.Cli.Files;

/// <summary>Files that the tool reads.</summary>
internal static class InputFile
{
    /// <summary>Opens a file; - is standard input.</summary>
    /// <param name="file">Its name.</param>
    /// <param name="expected">What it should be: "a log".</param>
    /// <exception cref="UsageException">It can't be opened.</exception>
    internal static Stream Open(string file, string expected)
    {
        if (file == "-")
            return new NamedStream(Console.OpenStandardInput(), "standard input");
        if (file.Length == 0 || file.Contains('\0'))
            throw new UsageException($"found a name that no file can have, expected the name of {expected}");
        if (Directory.Exists(file))
            throw new UsageException($"{file}: found a directory, expected {expected}");
        try
        {
            return new NamedStream(new FileStream(file, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan }), file);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException($"{file}: found no such file");
        }
        catch (UnauthorizedAccessException)
        {
            throw new UsageException($"{file}: may not be read by this user");
        }
        catch (IOException error)
        {
            throw new UsageException($"{file} can't be opened: {SystemReason.Of(error)}");
        }
    }
}
