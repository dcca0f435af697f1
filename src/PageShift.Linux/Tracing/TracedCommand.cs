namespace PageShift.Linux.Tracing;

/// <summary>The program to trace, and its arguments. It gets this process's environment, directory, terminal, standard files,
/// group and limits unchanged, and SIGPIPE's default action, which the .NET runtime had changed.</summary>
public sealed class TracedCommand
{
    /// <summary>Makes a command of <paramref name="arguments"/>: the program, as a path or as a name that is looked up in PATH, and
    /// what follows it on the command line.</summary>
    /// <exception cref="ArgumentException">There is no program, or an argument holds a NUL character.</exception>
    public TracedCommand(params IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        if (arguments.Count == 0)
            throw new ArgumentException("There is no program to trace.", nameof(arguments));

        foreach (string argument in arguments)
        {
            if (argument.Contains('\0', StringComparison.Ordinal))
                throw new ArgumentException("An argument can't hold a NUL character.", nameof(arguments));
        }

        Arguments = [.. arguments];
    }

    /// <summary>The program and its arguments.</summary>
    internal IReadOnlyList<string> Arguments { get; }

    /// <summary>False makes the tracer stop at every system call, as it does where no filter can be installed.</summary>
    internal bool MayFilter { get; init; } = true;

    /// <summary>How long a memory call keeps others of its address space waiting, at most.</summary>
    internal TimeSpan LongestExclusiveCall { get; init; } = ProcessTracer.LongestExclusiveCall;
}
