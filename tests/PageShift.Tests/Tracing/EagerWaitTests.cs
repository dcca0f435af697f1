using PageShift.Linux.Tracing;
using Xunit;

namespace PageShift.Tests.Tracing;

public sealed class EagerWaitTests
{
    [Fact]
    public void It_looks_for_a_while_and_then_sleeps()
    {
        var eager = new EagerWait();

        Assert.Equal(EagerWait.MostLooks, LooksOf(eager));
    }

    [Fact]
    public void Where_looking_was_of_no_use_it_is_tried_the_more_seldom_the_more_often_it_was_not()
    {
        var eager = new EagerWait();
        var between = new List<int>();
        for (int waits = 0; between.Count < 9; waits++)
        {
            if (LooksOf(eager) == 0)
                continue;
            between.Add(waits);
            waits = -1;
        }

        Assert.Equal([0, 1, 3, 7, 15, 31, 63, 63, 63], between);
    }

    [Fact]
    public void Where_a_look_has_found_something_the_next_wait_begins_with_looks_too()
    {
        var eager = new EagerWait();
        _ = LooksOf(eager);
        Assert.Equal(0, LooksOf(eager));
        Assert.True(eager.LooksAgain(0));
        eager.Found(looks: 5);

        Assert.Equal(EagerWait.MostLooks, LooksOf(eager));
        Assert.Equal(0, LooksOf(eager));
        Assert.Equal(EagerWait.MostLooks, LooksOf(eager));
    }

    [Fact]
    public void What_was_there_at_once_says_nothing()
    {
        var eager = new EagerWait();
        _ = LooksOf(eager);
        eager.Found(looks: 0);

        Assert.Equal(0, LooksOf(eager));
    }

    /// <summary>How often it looks in a wait in which nothing comes.</summary>
    private static int LooksOf(EagerWait eager)
    {
        int looks = 0;
        while (eager.LooksAgain(looks))
            looks++;
        return looks;
    }
}
