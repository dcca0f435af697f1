namespace PageShift.Mappings;

/// <summary>An open file description: a memory object together with how it was opened. Two mappings merge
/// only when they show the same open file description, as in Linux.</summary>
public sealed class OpenFile
{
    /// <summary>Opens <paramref name="memory"/>.</summary>
    public OpenFile(MemoryObject memory) => Object = memory;

    /// <summary>The object that was opened.</summary>
    public MemoryObject Object { get; }
}
