using System.Diagnostics;
using PageShift.Linux.Timing;
using PageShift.Tests.House;
using Xunit;

namespace PageShift.Tests.Linux;

/// <summary>The same on the running kernel. It needs a process that does nothing else: a program that ends beside it, and that had begun before, is this process's own work with all its time, and
/// hides what others do.</summary>
[Collection(AloneCollection.Name)]
public sealed class MachineLoadOnTheKernelTests
{
    [Fact]
    public void Another_program_that_never_sleeps_is_seen_on_the_running_kernel()
    {
        Assert.SkipUnless(LoadSample.Read() is not null, "This system has no /proc/stat.");
        using Process spinning = Process.Start("sh", ["-c", "while :; do :; done"]);
        try
        {
            // It may have to wait for its first turn: until it has run, the span goes on.
            var load = MachineLoad.Begin()!;
            Stopwatch since = Stopwatch.StartNew();
            while (since.Elapsed < TimeSpan.FromSeconds(1) || spinning.TotalProcessorTime < TimeSpan.FromMilliseconds(100))
                Thread.Sleep(50);

            OtherWork others = load.End()!.Value;
            Assert.InRange(others.Processors * since.Elapsed.TotalSeconds, 0.05, double.MaxValue);
        }
        finally
        {
            spinning.Kill();
        }
    }
}
