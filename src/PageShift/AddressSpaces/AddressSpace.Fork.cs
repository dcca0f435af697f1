using System.Diagnostics.CodeAnalysis;
using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.AddressSpaces;

// What the child gets of each mapping (docs/linux-rules.md sections 3 and 9, checked on Linux 6.18):
//
//   DONTFORK               nothing
//   WIPEONFORK             the mapping, empty, as if it had never been written
//   with an identity, or   the mapping, and all its entries: frames shared and read-only on both sides, guard pages too. The identity becomes a fresh one of
//   with guard pages       its own, marked inherited; so pieces that shared one no longer do
//   any other              the mapping, empty: its pages come back by faults
//
// Locks (mlock, MCL_FUTURE) are not inherited, nor is what is registered with a userfaultfd.
public sealed partial class AddressSpace
{
    /// <summary>Makes a copy of this space, as fork does: private pages are shared until one side writes, shared mappings stay shared. The copy lives on the same physical
    /// memory, and has no processors.</summary>
    /// <returns>The child.</returns>
    /// <exception cref="InsufficientMemoryException">Physical memory is out; this space is unharmed.</exception>
    public AddressSpace Fork() => TryFork(out AddressSpace? child)
        ? child
        : throw new InsufficientMemoryException("No frame is left for the page tables of the child.");

    /// <summary>As <see cref="Fork"/>, but returns false where Linux's fork fails with ENOMEM.</summary>
    public bool TryFork([NotNullWhen(true)] out AddressSpace? child)
    {
        using MappingLock.ExclusiveScope scope = EnterCall();
        child = null;
        AddressSpace? made = MakeChild();
        if (made is null)
            return false;
        bool isComplete;
        using (made.EnterCall()) // the objects that it maps know it already
            isComplete = TryCopyMappings(made);
        if (!isComplete)
        {
            made.Dispose();
            return false;
        }

        if (UserLimit < Geometry.UserLimit)
            made._state.LimitTo(UserLimit);
        made.Controls = Controls.Inherited;
        made.BreakStart = BreakStart;
        made._breakOffset = _breakOffset;
        made.Descriptors.CopyFrom(Descriptors);
        child = made;
        return true;
    }

    private AddressSpace? MakeChild()
    {
        try
        {
            return new AddressSpace(Memory, Options with { Limits = Limits, Policy = Policy, Segments = Segments }, _anonIdentities);
        }
        catch (InsufficientMemoryException)
        {
            return null; // not even the root table
        }
    }

    private bool TryCopyMappings(AddressSpace child)
    {
        bool complete = true;
        AddressRange? protectedRange = null;
        for (MappingHandle handle = _mappings.First; handle.Exists && complete; handle = _mappings.Next(handle))
        {
            Mapping mapping = _mappings[handle];
            if (mapping.Flags.Has(VmFlags.DontCopy))
                continue;
            bool copiesPages = !mapping.Flags.Has(VmFlags.WipeOnFork) && (!mapping.Anon.IsNone || mapping.Flags.Has(VmFlags.MayHaveGuards));
            child.InsertCopy(mapping, keepsAnon: copiesPages && !mapping.Anon.IsNone);
            if (!copiesPages)
                continue;
            protectedRange = new AddressRange(protectedRange?.Start ?? mapping.Start, mapping.End);
            complete = _tables.TryCopyForFork(child._tables, mapping.Range);
            _linuxTables.Copied(mapping.Range, child._linuxTables);
        }

        if (protectedRange is { } range)
            _processors.Flush(range);
        return complete;
    }

    private void InsertCopy(in Mapping mapping, bool keepsAnon)
    {
        VmFlags flags = mapping.Flags & ~(VmFlags.Locked | VmFlags.LockOnFault | VmFlags.UserFault);
        mapping.File?.Object.AddMapper(this);
        _mappings.Insert(mapping with
        {
            Flags = flags,
            Anon = keepsAnon ? new AnonIdentity(_anonIdentities.Next(), inherited: true) : AnonIdentity.None,
        });
        _accounts.Add(flags, mapping.Range.Length.WholePages);
    }
}
