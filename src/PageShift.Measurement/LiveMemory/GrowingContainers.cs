namespace PageShift.Measurement.LiveMemory;

/// <summary>What grows by appending, by name.</summary>
public static class GrowingContainers
{
    /// <summary>The name of ours.</summary>
    public const string Ours = "PageList<byte>";

    /// <summary>Makes each of them, empty.</summary>
    public static IReadOnlyDictionary<string, Func<IGrowing>> All { get; } = new Dictionary<string, Func<IGrowing>>
    {
        [Ours] = () => new GrowingPageList(),
        ["List<byte>"] = () => new GrowingList(),
        ["MemoryStream"] = () => new GrowingStream(new MemoryStream()),
        ["ArrayBufferWriter<byte>"] = () => new GrowingBufferWriter(),
        ["RecyclableMemoryStream"] = GrowingStream.Recyclable,
        ["NativeMemory.Realloc"] = () => new GrowingRealloc(),
        ["DotNext's unmanaged memory"] = () => new GrowingUnmanagedMemory(),
    };
}
