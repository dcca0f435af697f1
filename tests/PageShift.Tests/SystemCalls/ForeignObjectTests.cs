using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.Physical;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.SystemCalls;

/// <summary>Objects whose pages are frames of another physical memory: their numbers mean other frames here, so that nothing may take them.</summary>
public sealed class ForeignObjectTests : IDisposable
{
    private static readonly VirtualAddress Start = new(0x4000_0000);
    private static readonly ByteLength Length = new(4 * PageSize.Bytes);

    private readonly PhysicalMemory _other = new();
    private readonly AddressSpace _space = new();
    private readonly MemoryObject _object;
    private readonly OpenFile _foreign;

    public ForeignObjectTests()
    {
        _object = new MemoryObject(_other, MemoryObjectKind.Memory, Length);
        _foreign = new OpenFile(_object);
    }

    public void Dispose()
    {
        _object.Dispose();
        _space.Dispose();
        _other.Dispose();
    }

    [Theory]
    [InlineData(MapFlags.Shared)]
    [InlineData(MapFlags.Private)]
    [InlineData(MapFlags.Shared | MapFlags.Populate)]
    public void Are_not_mapped(MapFlags flags)
    {
        Assert.Throws<ArgumentException>(() => _space.Map(Start, Length, Protection.Read | Protection.Write, flags, _foreign));

        Assert.Empty(_space.GetMappings());
        AddressSpace.VerifyAll([_space], []);
    }

    [Fact]
    public void Are_ignored_by_a_mapping_that_is_anonymous() =>
        Assert.False(_space.Map(Start, Length, Protection.Read, MapFlags.Private | MapFlags.Anonymous, _foreign).IsError);

    [Fact]
    public void Get_no_descriptor()
    {
        Assert.Throws<ArgumentException>(() => _space.Descriptors.Open(_foreign));
        Assert.Throws<ArgumentException>(() => _space.Descriptors.Set(3, _foreign));
        Assert.Throws<ArgumentException>(() => _space.Descriptors.Open(new OpenFile(_object) { IsPathOnly = true }));
        Assert.False(_space.Descriptors.TryGet(3, out _));
    }

    [Fact]
    public void Are_not_adopted() =>
        Assert.Throws<ArgumentException>(() => _space.AdoptMapping(new AddressRange(Start, Length), VmFlags.Read | VmFlags.MayRead, _foreign, default(PageCount)));

    [Fact]
    public void Are_not_verified_together()
    {
        using var alien = new AddressSpace(_other);

        Assert.Throws<ArgumentException>(() => AddressSpace.VerifyAll([_space, alien], []));
        Assert.Throws<ArgumentException>(() => AddressSpace.VerifyAll([_space], [_object]));
        Assert.Throws<ArgumentException>(() => AddressSpace.VerifyAll([], []));
    }

    [Fact]
    public void Are_fine_on_their_own_memory()
    {
        using var own = new AddressSpace(_other);
        Assert.False(own.Map(Start, Length, Protection.Read | Protection.Write, MapFlags.Shared, _foreign).IsError);
        using AddressSpace child = own.Fork();
        Assert.Equal(0, child.Descriptors.Open(_foreign));
    }
}
