namespace PageShift.Translation;

/// <summary>What an access does.</summary>
public enum AccessKind
{
    /// <summary>Loads data.</summary>
    Read,

    /// <summary>Stores data.</summary>
    Write,

    /// <summary>Fetches an instruction.</summary>
    Execute,
}
