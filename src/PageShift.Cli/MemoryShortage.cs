using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PageShift.Cli;

/// <summary>Tells failures for want of memory from others. What is thrown after one, while objects are taken down that it has left half-made, comes of it too.</summary>
internal static class MemoryShortage
{
    private const int NotEnoughMemory = 12; // ENOMEM
    private const int ReserveBytes = 32 << 20;

    private static volatile bool _hasBeen;

    // Address space that is never touched, for the runtime and the console to end in good order when the rest is gone.
    private static nint _reserve;

    /// <summary>Notes from now on whether memory has been short.</summary>
    internal static void Watch()
    {
        AppDomain.CurrentDomain.FirstChanceException += (_, thrown) => Note(thrown.Exception);
        try
        {
            _reserve = Marshal.AllocHGlobal(ReserveBytes);
        }
        catch (OutOfMemoryException)
        {
            // It has been noted. Perhaps it is enough without.
            _hasBeen = false;
        }
    }

    /// <summary>True when an exception that nobody has caught comes of a shortage.</summary>
    internal static bool Explains(Exception error) => _hasBeen || IsShortage(error);

    /// <summary>Says so in one line on standard error, and needs for that as little as can be: the console starts a thread when it is first used, and other code loads what it stands in.</summary>
    internal static void Tell()
    {
        const int StandardError = 2;
        try
        {
            using var handle = new SafeFileHandle(StandardError, ownsHandle: false);
            using var stream = new FileStream(handle, FileAccess.Write, bufferSize: 0);
            stream.Write("pageshift: not enough memory here: the system gives this process no more\n"u8);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or OutOfMemoryException)
        {
            // Nobody can be told. The exit code has to do.
        }
    }

    private static void Note(Exception error)
    {
        if (!IsShortage(error))
            return;
        _hasBeen = true;
        Marshal.FreeHGlobal(Interlocked.Exchange(ref _reserve, 0));
    }

    private static bool IsShortage(Exception error)
    {
        for (Exception? cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is OutOfMemoryException or Win32Exception { NativeErrorCode: NotEnoughMemory } or IOException { HResult: NotEnoughMemory } || IsPartThatIsThere(cause))
                return true;
        }

        return false;
    }

    /// <summary>True when a part of the tool or of the runtime can't be loaded although its file is there: the runtime says that it is not found when there is no room for it.</summary>
    private static bool IsPartThatIsThere(Exception error)
    {
        string? part = error switch
        {
            FileNotFoundException missing => missing.FileName,
            FileLoadException unloadable => unloadable.FileName,
            _ => null,
        };
        if (part is null || !part.Contains(", Version=", StringComparison.Ordinal))
            return false;
        string file = part[..part.IndexOf(',', StringComparison.Ordinal)] + ".dll";
        return File.Exists(Path.Combine(AppContext.BaseDirectory, file)) || File.Exists(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), file));
    }
}
