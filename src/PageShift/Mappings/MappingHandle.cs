namespace PageShift.Mappings;

/// <summary>Names one mapping of a <see cref="MappingTree"/>. It stays good while the mapping is in the tree, also
/// when its boundaries or flags change and when other mappings come and go; afterwards its use is reported as an
/// error, never mistaken for a newer mapping.</summary>
/// <param name="Index">The slot in the tree's pool; 0 names nothing.</param>
/// <param name="Generation">How often the slot had been given back when the mapping was put there.</param>
internal readonly record struct MappingHandle(int Index, uint Generation)
{
    /// <summary>The handle that names no mapping.</summary>
    public static MappingHandle None => default;

    /// <summary>True when the handle names no mapping.</summary>
    public bool IsNone => Index == 0;

    /// <summary>True when the handle named a mapping when it was made.</summary>
    public bool Exists => Index != 0;
}
