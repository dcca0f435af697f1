namespace PageShift.Mappings;

/// <summary>What a mapping shows when it is not purely anonymous: a file, a memfd, or the hidden object
/// of a shared anonymous mapping.</summary>
public sealed class MemoryObject
{
}
