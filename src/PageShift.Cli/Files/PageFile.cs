using System.Runtime.InteropServices;

namespace PageShift.Cli.Files;

/// <summary>The file of <c>--html</c> or <c>--svg</c>. An earlier page of that name stays as it is until the new one is written. A page that can't be finished is not left
/// half-written: it is deleted, or emptied if there was one before, also when Ctrl-C or SIGTERM ends the process.</summary>
internal sealed class PageFile : IDisposable
{
    private readonly string _name;
    private readonly FileStream _file;
    private readonly bool _isNew;
    private readonly PosixSignalRegistration[] _signals;
    private bool _isComplete;

    private PageFile(string option, string name, bool endsOnSignals)
    {
        _name = name;
        FileStream? made = OutputFile.TryOpenNew(name);
        _isNew = made is not null;
        _file = made ?? OutputFile.OpenForLater(option, name);
        Stream = new NamedStream(_file, $"{option}: {name}");
        // The default action follows: the process still ends by the signal.
        _signals = endsOnSignals ? [PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Discard()), PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Discard())] : [];
    }

    /// <summary>Takes the page.</summary>
    internal Stream Stream { get; }

    /// <summary>Opens a page's file; null when none is asked for.</summary>
    /// <param name="option">The option.</param>
    /// <param name="name">What it was given, if it was.</param>
    /// <param name="endsOnSignals">False where the signals are somebody else's, as those of a traced program are.</param>
    /// <exception cref="UsageException">It can't be written.</exception>
    internal static PageFile? Open(string option, string? name, bool endsOnSignals = true) => name is null ? null : new PageFile(option, name, endsOnSignals);

    /// <summary>Writes a whole page, if one is asked for.</summary>
    /// <param name="option">The option.</param>
    /// <param name="name">What it was given, if it was.</param>
    /// <param name="write">Writes the page.</param>
    /// <exception cref="UsageException">It can't be written.</exception>
    internal static void Write(string option, string? name, Action<Stream> write)
    {
        using PageFile? page = Open(option, name);
        if (page is null)
            return;
        write(page.Stream);
        page.Complete();
    }

    /// <summary>The page is whole.</summary>
    internal void Complete()
    {
        Stream.Flush();
        _isComplete = true;
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals)
            signal.Dispose();
        if (!_isComplete)
            Discard();
        try
        {
            Stream.Dispose();
        }
        catch (UsageException) when (!_isComplete)
        {
            // what could not be written has been reported
        }
    }

    private void Discard()
    {
        if (_isComplete)
            return;
        try
        {
            if (_isNew)
                File.Delete(_name);
            else if (_file.CanSeek && _file.Position != 0)
                RandomAccess.SetLength(_file.SafeFileHandle, 0);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // a device, or it is gone already
        }
    }
}
