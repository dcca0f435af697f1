using System.Runtime.CompilerServices;
using PageShift.Mappings;
using Xunit;

namespace PageShift.Tests.Mappings;

public class MappingNodeSizeTests
{
    // The pool grows by half, so at most a third of it lies idle when it was filled once.
    [Fact]
    public void A_mapping_costs_at_most_128_bytes_with_its_share_of_the_pools_reserve() =>
        Assert.InRange(Unsafe.SizeOf<MappingNode>() * 3 / 2, 1, 128);
}
