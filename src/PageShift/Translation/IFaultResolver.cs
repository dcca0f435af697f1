using PageShift.Units;

namespace PageShift.Translation;

/// <summary>Brings pages in: what a processor's walk asks when it finds no leaf that lets an access through.</summary>
internal interface IFaultResolver
{
    /// <summary>Makes the leaf for a page, or gives the reason why not. Called inside the mapping lock shared by <paramref name="reader"/>; may let it go and take it
    /// again, and then counts that in <see cref="MappingLock.ReaderFlag.Releases"/>.</summary>
    /// <returns><see cref="AccessFault.None"/> when the walk is worth another try.</returns>
    AccessFault ResolveFault(VirtualAddress address, AccessKind access, MappingLock.ReaderFlag reader);
}
