using System.Globalization;

namespace PageShift.Verification.Following;

/// <summary>The calls that led to a move, innermost first.</summary>
/// <param name="Frames">The places; at least one.</param>
public sealed record CallStack(IReadOnlyList<StackFrame> Frames)
{
    // What a .NET program calls to have memory, compiled ahead or as it runs: not the program's own code.
    private const string CoreAssembly = "System.Private.CoreLib";
    private const string CoreFile = CoreAssembly + ".dll";

    /// <summary>The innermost place in another file than the call's own: with a C library, the place in the program that called the library. Of a .NET program, the innermost outside of .NET's own
    /// core. The call's own where there is none.</summary>
    public StackFrame Site => Frames.FirstOrDefault(f => f.File != Frames[0].File && f.File is not (CoreAssembly or CoreFile)) ?? Frames.FirstOrDefault(f => f.File != Frames[0].File) ?? Frames[0];

    /// <summary>The same as a file and an offset; null where there is none.</summary>
    internal string? Caller => Site == Frames[0] ? null : Site.Place;

    /// <summary>All places in one line.</summary>
    public override string ToString() => string.Join(" < ", Frames);
}

/// <summary>A place on a stack.</summary>
/// <param name="Function">The function's name, as it is written in the source; null where none is known.</param>
/// <param name="Place">The file and the offset from where it is loaded, such as <c>libc.so.6+0x11bd9a</c>; an address where there is no file. Of a caller, the last byte of its call.</param>
/// <param name="File">The file's name, or the assembly's of code that .NET has compiled as it ran; or null.</param>
/// <param name="Source">The place in the source, or null where that is not known. It is looked for when it is first asked for, at the latest when the process has ended.</param>
public sealed record StackFrame(string? Function, string Place, string? File, Lazy<SourceLine?> Source)
{
    /// <summary>The function with its place in the source, or with its file.</summary>
    public override string ToString()
    {
        if (Function is null)
            return Place;
        if (Source.Value is { } source)
            return string.Create(CultureInfo.InvariantCulture, $"{Function} ({Path.GetFileName(source.File)}:{source.Line})");
        return File is null ? Function : $"{Function} ({File})";
    }
}

/// <summary>A place in a program's source.</summary>
/// <param name="File">The file, as the debug information names it.</param>
/// <param name="Line">The line, from 1.</param>
public sealed record SourceLine(string File, int Line);
