using PageShift.Abi;
using PageShift.Linux.Interop;

namespace PageShift.Linux.Tracing;

/// <summary>Finds the file behind a command's name as a shell does.</summary>
internal static class ProgramSearch
{
    private const string PathWhenUnset = "/usr/local/bin:/usr/bin:/bin";

    /// <summary>A name with a slash is a path; another is looked up in the directories of PATH. Not found: ENOENT, or EACCES when
    /// there is such a file and this user may not execute it.</summary>
    public static Errno Find(string name, out string path)
    {
        path = name;
        if (name.Contains('/', StringComparison.Ordinal))
            return Kernel.FaccessatExecute(name).Error;

        Errno error = Errno.NoSuchEntry;
        if (name.Length == 0)
            return error;

        foreach (string directory in (Environment.GetEnvironmentVariable("PATH") ?? PathWhenUnset).Split(':'))
        {
            string candidate = directory.Length == 0 ? "./" + name : Path.Combine(directory, name);
            if (!File.Exists(candidate))
                continue;

            Errno answer = Kernel.FaccessatExecute(candidate).Error;
            if (answer == Errno.None)
            {
                path = candidate;
                return Errno.None;
            }

            if (answer == Errno.AccessDenied)
                error = answer;
        }

        return error;
    }
}
