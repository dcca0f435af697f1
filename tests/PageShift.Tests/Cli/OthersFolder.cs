using System.Runtime.Versioning;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>A folder with programs, and the tool run by a user who is not root: by whom the tests are run, or else by nobody, who gets a copy of the tool, since the checkout may be root's alone. Skips where root
/// can't become another user.</summary>
[SupportedOSPlatform("linux")]
internal sealed class OthersFolder : IDisposable
{
    private const string Nobody = "65534";
    private const UnixFileMode ForAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly string _folder = Directory.CreateTempSubdirectory("pageshift-others-").FullName;
    private readonly string[] _becoming = [];
    private readonly string _tool = Tool.Assembly;

    internal OthersFolder()
    {
        File.SetUnixFileMode(_folder, ForAll);
        if (!Environment.IsPrivilegedProcess)
            return;
        Assert.SkipUnless(File.Exists("/usr/bin/setpriv"), "setpriv is not installed.");
        _becoming = ["setpriv", "--reuid", Nobody, "--regid", Nobody, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "env", "HOME=" + _folder];
        string copy = Directory.CreateDirectory(Path.Combine(_folder, "tool"), ForAll).FullName;
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll").Concat(Directory.EnumerateFiles(AppContext.BaseDirectory, "PageShift.Cli.*.json")))
            CopyTo(copy, file, ForAll);
        _tool = Path.Combine(copy, Path.GetFileName(Tool.Assembly));
    }

    /// <summary>Runs the tool in the folder.</summary>
    internal ToolResult Run(params string[] arguments) => Tool.RunCopyUnder(_tool, _folder, _becoming, arguments);

    /// <summary>Copies a file into the folder, with another mode.</summary>
    internal string Copy(string file, UnixFileMode mode) => CopyTo(_folder, file, mode);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string CopyTo(string folder, string file, UnixFileMode mode)
    {
        string copy = Path.Combine(folder, Path.GetFileName(file));
        File.Copy(file, copy);
        File.SetUnixFileMode(copy, mode);
        return copy;
    }
}
