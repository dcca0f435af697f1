using PageShift.Physical;
using Xunit;

namespace PageShift.Tests.Physical;

public sealed class AdaptiveLockTests
{
    private const int Threads = 4;
    private AdaptiveLock _lock;
    private int _inside;
    private int _entered;

    [Fact]
    public void One_thread_at_a_time_is_inside_and_each_gets_in()
    {
        const int Rounds = 20_000;
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < Rounds; i++)
                EnterOnce(yields: i % 64 == 0);
        }))];
        Array.ForEach(threads, thread => thread.Start());

        Assert.All(threads, thread => Assert.True(thread.Join(HangGuard.Limit)));
        Assert.Equal(Threads * Rounds, _entered);
        Assert.False(_lock.IsTaken);
        Assert.Equal(0, _lock.Sleepers);
    }

    [Fact]
    public void Who_waits_for_long_sleeps_and_is_woken()
    {
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(() => EnterOnce(yields: true)))];
        using (_lock.Enter())
        {
            Array.ForEach(threads, thread => thread.Start());
            Assert.True(SpinWait.SpinUntil(() => _lock.Sleepers == Threads, HangGuard.Limit));
            Assert.All(threads, thread => Assert.True(SpinWait.SpinUntil(() => (thread.ThreadState & ThreadState.WaitSleepJoin) != 0, HangGuard.Limit)));
            Assert.Equal(0, _entered);
        }

        Assert.All(threads, thread => Assert.True(thread.Join(HangGuard.Limit)));
        Assert.Equal(Threads, _entered);
        Assert.Equal(0, _lock.Sleepers);
    }

    [Fact]
    public void A_sleeper_that_is_interrupted_leaves_the_others_their_turn()
    {
        bool wasInterrupted = false;
        var interrupted = new Thread(() =>
        {
            try
            {
                EnterOnce(yields: false);
            }
            catch (ThreadInterruptedException)
            {
                wasInterrupted = true;
            }
        });
        var other = new Thread(() => EnterOnce(yields: false));
        using (_lock.Enter())
        {
            interrupted.Start();
            other.Start();
            Assert.True(SpinWait.SpinUntil(() => _lock.Sleepers == 2, HangGuard.Limit));
            interrupted.Interrupt();
            Assert.True(interrupted.Join(HangGuard.Limit));
        }

        Assert.True(wasInterrupted);
        Assert.True(other.Join(HangGuard.Limit));
        Assert.False(_lock.IsTaken);
    }

    [Fact]
    public void A_thread_that_would_wait_for_itself_is_told()
    {
        using (_lock.Enter())
            Assert.Throws<LockRecursionException>(() => EnterOnce(yields: false));
        EnterOnce(yields: false);
        Assert.Equal(1, _entered);
    }

    private void EnterOnce(bool yields)
    {
        using (_lock.Enter())
        {
            Assert.Equal(1, Interlocked.Increment(ref _inside));
            if (yields)
                Thread.Yield();
            _entered++;
            Interlocked.Decrement(ref _inside);
        }
    }
}
