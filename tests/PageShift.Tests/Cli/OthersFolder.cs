using System.Runtime.Versioning;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>A folder with programs, and what stands before a command to run it as a user who is not root: nothing, where the tests are run by one. Skips where root can't become another user.</summary>
[SupportedOSPlatform("linux")]
internal sealed class OthersFolder : IDisposable
{
    private const string Nobody = "65534";
    private readonly string _folder = Directory.CreateTempSubdirectory("pageshift-others-").FullName;

    internal OthersFolder()
    {
        File.SetUnixFileMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        if (!Environment.IsPrivilegedProcess)
            return;
        Assert.SkipUnless(File.Exists("/usr/bin/setpriv"), "setpriv is not installed.");
        WithoutPrivilege = ["setpriv", "--reuid", Nobody, "--regid", Nobody, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "env", "HOME=" + _folder];
        Assert.SkipUnless(Tool.RunUnder(WithoutPrivilege, "--version").ExitCode == 0, "The tool's files can't be read by another user here.");
    }

    /// <summary>The words before the command.</summary>
    internal string[] WithoutPrivilege { get; } = [];

    /// <summary>Copies a program into the folder, with another mode.</summary>
    internal string Copy(string program, UnixFileMode mode)
    {
        string copy = Path.Combine(_folder, Path.GetFileName(program));
        File.Copy(program, copy);
        File.SetUnixFileMode(copy, mode);
        return copy;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
