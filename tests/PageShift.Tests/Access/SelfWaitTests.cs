using PageShift.Translation;
using Xunit;
using static PageShift.Tests.Access.AccessWorld;

namespace PageShift.Tests.Access;

/// <summary>Who would wait for itself is told, also while another thread's call already waits for it.</summary>
public sealed class SelfWaitTests
{
    [Fact]
    public void A_call_or_an_access_from_inside_an_access_that_another_call_waits_for_is_refused()
    {
        using AccessWorld world = new();
        world.Map(0, 2);
        using VirtualProcessor second = world.Space.CreateProcessor();
        Exception?[] thrown = new Exception?[4];
        var other = new Thread(() => world.Map(1, 2)) { IsBackground = true };
        var inside = new Thread(() =>
        {
            using AccessScope scope = world.Processor.EnterAccess();
            other.Start();
            SpinWait.SpinUntil(() => (other.ThreadState & ThreadState.WaitSleepJoin) != 0, HangGuard.Limit);
            thrown[0] = Record.Exception(() => world.Unmap(0, 1));
            thrown[1] = Record.Exception(() => world.Space.Fork());
            thrown[2] = Record.Exception(() => second.Read<int>(Page(0)));
            thrown[3] = Record.Exception(() => world.Space.Read<int>(Page(0)));
            scope.Write(Page(0), 7);
        })
        {
            IsBackground = true,
        };
        inside.Start();

        Assert.True(inside.Join(HangGuard.Limit));
        Assert.True(other.Join(HangGuard.Limit));
        Assert.All(thrown, each => Assert.IsType<InvalidOperationException>(each));
        Assert.Equal(7, second.Read<int>(Page(0)));
    }
}
