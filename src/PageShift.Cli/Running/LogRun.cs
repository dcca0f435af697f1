using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Cli.Output;
using PageShift.Moving;

namespace PageShift.Cli.Running;

/// <summary>Reads a log and executes it, and tells an output what its moves cost.</summary>
internal sealed class LogRun : ILogObserver
{
    private readonly RunReport _report;
    private readonly IRunOutput _output;
    private readonly MovePlan _plan = new();

    private LogRun(RunSettings settings, IRunOutput output)
    {
        _report = new RunReport(settings);
        _output = output;
    }

    /// <summary>Runs the log that <paramref name="settings"/> name.</summary>
    /// <exception cref="UsageException">The log can't be opened.</exception>
    /// <exception cref="CallSyntaxException">A line can't be read.</exception>
    internal static RunReport Execute(RunSettings settings, IRunOutput output)
    {
        var run = new LogRun(settings, output);
        using Stream stream = Open(settings.File);
        var reader = new CallLogReader(stream, new CallLogOptions { FileName = settings.File, Lenient = settings.Lenient });
        var options = new LogExecutorOptions
        {
            Space = new AddressSpaceOptions { Policy = settings.Executing },
            Populate = settings.Populate,
            Verify = settings.Verify,
        };
        using var executor = new LogExecutor(options, run);
        using (var progress = new RunProgress(stream.CanSeek ? stream.Length : null))
        {
            while (reader.TryRead(out CallRecord record))
            {
                executor.Execute(record);
                progress.Step(reader, executor.Statistics);
            }
        }

        run._report.Statistics = executor.Statistics;
        run._report.Counts = reader.Counts;
        run._report.Warnings = reader.Warnings;
        output.Finish(run._report);
        return run._report;
    }

    public void OnMove(in CallRecord record, MoveObservation move)
    {
        var policies = new PolicyReport[_report.Settings.Policies.Count];
        for (int i = 0; i < policies.Length; i++)
        {
            move.Plan(_report.Settings.Policies[i], _plan);
            policies[i] = new PolicyReport(_plan.Policy, _plan.Cost, _plan.ExpandedSource, [.. _plan.Boundaries]);
        }

        var report = new MoveReport
        {
            Line = record.Line,
            Call = record.Name,
            ThreadId = record.ThreadId,
            Request = move.Request,
            Congruence = _plan.Congruence,
            Policies = policies,
        };
        _report.Add(report);
        _output.Add(report);
    }

    public void OnDivergence(in Divergence divergence) => _report.Add(divergence);

    private static Stream Open(string file)
    {
        if (file == "-")
            return Console.OpenStandardInput();
        if (file.Length == 0 || file.Contains('\0'))
            throw new UsageException("found a name that no file can have, expected a log's name");
        if (Directory.Exists(file))
            throw new UsageException($"{file}: found a directory, expected a log");
        try
        {
            return new FileStream(file, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan });
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
            throw new UsageException($"{file}: can't be opened: {error.Message}");
        }
    }
}
