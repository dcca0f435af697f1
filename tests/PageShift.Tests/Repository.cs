using System.Diagnostics;

namespace PageShift.Tests;

/// <summary>The checkout that the tests run from.</summary>
internal static class Repository
{
    /// <summary>The directory that holds PageShift.slnx.</summary>
    internal static string Root { get; } = FindRoot();

    /// <summary>A file of the checkout, named from its root.</summary>
    internal static string Path(string relative) => System.IO.Path.Combine(Root, relative);

    /// <summary>The files that belong to the repository: what git tracks, or would, by their names from the root.</summary>
    internal static IReadOnlyList<string> Files()
    {
        var start = new ProcessStartInfo("git", ["-C", Root, "ls-files", "--cached", "--others", "--exclude-standard"]) { RedirectStandardOutput = true };
        using Process git = Process.Start(start)!;
        string list = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        return git.ExitCode == 0
            ? [.. list.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(f => File.Exists(Path(f)))]
            : throw new InvalidOperationException("git could not list the repository's files.");
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(at.FullName, "PageShift.slnx")))
                return at.FullName;
        }

        throw new InvalidOperationException("The tests do not run from a checkout: no PageShift.slnx above them.");
    }
}
