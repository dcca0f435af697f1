using PageShift.Measurement.Workloads;
using Xunit;

namespace PageShift.Tests.Budgets;

/// <summary>Reading and executing a log: the managed memory that it takes depends on what runs at a time, not on how long the log is.</summary>
public class LogBudgetTests
{
    // Beside an address space and the reader's buffers, for a log of 8 MiB. A single object of 24 bytes for each of its 120,000 lines would be 2.9 MB.
    private const long MostBytes = 512 * 1024;

    // Code that the runtime has not optimised yet allocates where it need not.
    private const int MostRuns = 8;

    [Fact]
    public void A_log_takes_no_managed_memory_for_each_line()
    {
        using var log = new LogExecution();
        for (int run = 0; run < MostRuns && (run == 0 || log.AllocatedBytes > MostBytes); run++)
            log.Run();

        Assert.True(log.Moves > 0);
        Assert.InRange(log.AllocatedBytes, 0, MostBytes);
    }
}
