using PageShift.Abi;

namespace PageShift.Calls.Execution;

/// <content>What a process may do, as far as the log shows it: limits, and the rights of its threads.</content>
public sealed partial class LogExecutor
{
    private const long Unchanged = -1; // as an argument of setreuid and setresuid

    /// <summary>A limit that was set, or shown.</summary>
    private void FollowLimit(in CallRecord record)
    {
        CallArguments a = record.Call.Arguments;
        LogProcess? process = a.Third == 0 ? _processes.Of(record.ThreadId) : _processes.FindSeen((int)a.Third);
        _ = process?.Target.Execute(record.Call);
    }

    /// <summary>A call on the rights of a thread has succeeded.</summary>
    private void FollowRights(in CallRecord record)
    {
        CallArguments a = record.Call.Arguments;
        int thread = record.Call.Number is SystemCallNumber.SetCapabilities or SystemCallNumber.GetCapabilities && a.First != 0 ? (int)a.First : record.ThreadId;
        Credentials before = _processes.CredentialsOf(thread);
        long user = (long)(record.Call.Number == SystemCallNumber.SetUser ? a.First : a.Second);
        Credentials after = record.Call.Number switch
        {
            SystemCallNumber.GetEffectiveUser => before.Of(record.Outcome.Value),
            SystemCallNumber.SetCapabilities or SystemCallNumber.GetCapabilities => before.With((Capabilities)a.Second),
            SystemCallNumber.Unshare => ((CloneFlags)a.First).HasFlag(CloneFlags.NewUsers) ? before.InNamespace() : before,
            SystemCallNumber.ControlProcess => record.Call.SetsSecureBits ? before.Keeping() : before,
            _ => user == Unchanged ? before : before.As(user),
        };
        if (after != before)
            _processes.SetCredentials(thread, after);
    }

    /// <summary>Gives a space the rights of the thread that is about to make a call in it.</summary>
    private void TakeRights(LogProcess process, int thread)
    {
        Capabilities possible = _processes.CredentialsOf(thread).Possible;
        if (process.Space.Controls.Capabilities != possible)
            process.Space.Controls = process.Space.Controls with { Capabilities = possible };
    }
}
