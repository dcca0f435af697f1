using System.Diagnostics;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;

namespace PageShift.Cli.Running;

/// <summary>Reads a log and executes it, collecting what its moves cost.</summary>
internal sealed class LogRun : ILogObserver
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(2);

    private readonly RunReport _report;
    private readonly MovePlan _plan = new();

    private LogRun(RunSettings settings) => _report = new RunReport(settings);

    /// <summary>Runs the log that <paramref name="settings"/> name.</summary>
    /// <exception cref="UsageException">The log can't be read.</exception>
    internal static RunReport Execute(RunSettings settings)
    {
        var run = new LogRun(settings);
        using Stream stream = Open(settings.File);
        long? length = stream.CanSeek ? stream.Length : null;
        var reader = new CallLogReader(stream, new CallLogOptions { FileName = settings.File, Lenient = settings.Lenient });
        var options = new LogExecutorOptions
        {
            Space = new AddressSpaceOptions { Policy = settings.Executing },
            Populate = settings.Populate,
            Verify = settings.Verify,
        };
        using var executor = new LogExecutor(options, run);
        try
        {
            run.ExecuteAll(reader, executor, length);
        }
        catch (CallSyntaxException error)
        {
            throw new UsageException(error.Message);
        }

        run._report.Statistics = executor.Statistics;
        run._report.Counts = reader.Counts;
        run._report.Warnings = reader.Warnings;
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

        _report.Moves.Add(new MoveReport
        {
            Line = record.Line,
            Call = record.Name,
            ThreadId = record.ThreadId,
            Request = move.Request,
            Congruence = _plan.Congruence,
            Policies = policies,
        });
    }

    public void OnDivergence(in Divergence divergence)
    {
        if (_report.DivergenceCount++ < RunReport.MostKeptDivergences)
            _report.Divergences.Add(divergence);
    }

    private static Stream Open(string file)
    {
        if (file == "-")
            return Console.OpenStandardInput();
        try
        {
            return new FileStream(file, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan });
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException($"{file}: there is no such file.");
        }
        catch (UnauthorizedAccessException)
        {
            throw new UsageException(Directory.Exists(file) ? $"{file}: found a directory, expected a log." : $"{file}: may not be read.");
        }
    }

    private void ExecuteAll(CallLogReader reader, LogExecutor executor, long? length)
    {
        long next = Stopwatch.GetTimestamp() + (long)(ProgressInterval.TotalSeconds * Stopwatch.Frequency);
        int sinceLook = 0;
        bool shown = false;
        while (reader.TryRead(out CallRecord record))
        {
            executor.Execute(record);
            if (++sinceLook < 1024)
                continue;
            sinceLook = 0;
            long now = Stopwatch.GetTimestamp();
            if (now < next)
                continue;
            next = now + (long)(ProgressInterval.TotalSeconds * Stopwatch.Frequency);
            shown = true;
            ShowProgress(reader.Counts, length, executor.Statistics);
        }

        if (shown && !Console.IsErrorRedirected)
            Console.Error.WriteLine();
    }

    private static void ShowProgress(CallLogCounts counts, long? length, LogStatistics statistics)
    {
        string part = length is > 0 and { } total ? $"{100.0 * counts.Bytes / total:f0} %" : $"{counts.Bytes >> 20} MiB";
        string text = $"pageshift: {part} read, {statistics.Calls} calls, {statistics.Moves} moves";
        if (Console.IsErrorRedirected)
            Console.Error.WriteLine(text);
        else
            Console.Error.Write($"\r{text}");
    }
}
