using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Units;

public sealed class AddressRangeTests
{
    [Fact]
    public void Ranges_that_only_touch_do_not_overlap()
    {
        var low = new AddressRange(new VirtualAddress(0x1000), new VirtualAddress(0x2000));
        var high = new AddressRange(new VirtualAddress(0x2000), new VirtualAddress(0x3000));

        Assert.False(low.Overlaps(high));
        Assert.True(low.Intersect(high).IsEmpty);
    }
}
