using PageShift.Units;

namespace PageShift.Mappings;

/// <summary>Brings one page of a <see cref="MemoryObject"/> into memory.</summary>
/// <param name="page">The number of the page in the object, counted from 0.</param>
/// <param name="destination">The 4096 bytes of the page. They are zero when the call is made; a part that lies past the object's end stays so.</param>
public delegate void PageReader(PageCount page, Span<byte> destination);
