using PageShift.Abi;
using PageShift.Calls;
using PageShift.SystemCalls;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>The table of memory calls against what is known elsewhere: the list of all names, and the engine's numbers.</summary>
public sealed class SystemCallTableTests
{
    public static TheoryData<SystemCallNumber> Numbers => [.. SystemCallTable.All.Select(call => call.Number)];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_memory_call_is_found_by_its_number_and_read_by_its_name(SystemCallNumber number)
    {
        SystemCallDescription call = SystemCallTable.Find(number)!;

        Assert.Equal(number, call.Number);
        Assert.Equal(call.Name, SystemCall.NameOf(number));
        Assert.Equal(number, LogText.ReadOne($"{call.Name}({string.Join(", ", Enumerable.Repeat("0", call.Parameters.Count))}) = 0").Call.Number);
    }

    [Fact]
    public void No_two_memory_calls_have_one_name() =>
        Assert.Equal(SystemCallTable.All.Count, SystemCallTable.All.Select(call => call.Name).Distinct().Count());

    [Fact]
    public void A_number_outside_the_table_is_no_memory_call()
    {
        Assert.Null(SystemCallTable.Find((SystemCallNumber)(-1)));
        Assert.Null(SystemCallTable.Find((SystemCallNumber)long.MaxValue));
        Assert.Null(SystemCallTable.Find((SystemCallNumber)511));
    }
}
