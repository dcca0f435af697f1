using PageShift.Abi;
using PageShift.Mappings;

namespace PageShift.AddressSpaces;

public sealed partial class AddressSpace
{
    /// <summary>What file descriptors mean to a call that is given by its registers.</summary>
    public DescriptorTable Descriptors { get; }

    /// <summary>Makes a call that is given by its registers.</summary>
    internal CallResult Make(ISystemOperation call, in CallArguments arguments)
    {
        CallResult result;
        List<PunchedHole>? holes;
        using (EnterCall())
        {
            result = call.Make(this, arguments);
            holes = TakePunchedHoles();
        }

        UnmapElsewhere(holes);
        return result;
    }

    /// <summary>mmap of a descriptor, or of anonymous memory.</summary>
    internal CallResult MapDescriptor(ulong hint, ulong length, ulong protection, ulong flags, int descriptor, ulong offset)
    {
        OpenFile? file = null;
        if (Has(flags, MapFlags.Anonymous) || !Descriptors.TryHold(descriptor, out file))
            return MapLocked(hint, length, protection, flags, file, offset);
        CallResult result = MapLocked(hint, length, protection, flags, file, offset);
        file.Object.RemoveHolder();
        return result;
    }
}
