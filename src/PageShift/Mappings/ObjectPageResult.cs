namespace PageShift.Mappings;

/// <summary>How asking a memory object for a page ended.</summary>
internal enum ObjectPageResult
{
    /// <summary>The page is there.</summary>
    Found,

    /// <summary>The page lies past the end of the object.</summary>
    BeyondEnd,

    /// <summary>No frame is left for the page, or for the object's index of pages.</summary>
    OutOfMemory,
}
