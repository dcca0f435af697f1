using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Mappings;
using PageShift.SystemCalls;
using PageShift.Units;
using PageShift.Verification.Oracle;

namespace PageShift.Tests.Model;

/// <summary>Makes a call on an address space: by its typed method, or by its number.</summary>
internal static class ModelInvocation
{
    internal static CallResult Make(AddressSpace space, in ModelCall call, Dictionary<ulong, (OpenFile File, OracleObject Object)> files)
    {
        CallArguments a = call.Arguments;
        if (!call.IsTyped && new SystemCall(call.Kind, a).Description is not null)
            return space.Invoke(call.Kind, a);
        var start = new VirtualAddress(a.First);
        var length = new ByteLength(a.Second);
        return call.Kind switch
        {
            SystemCallNumber.Map => space.Map(start, length, (Protection)a.Third, (MapFlags)a.Fourth, files.GetValueOrDefault(a.Fifth).File, a.Sixth),
            SystemCallNumber.Unmap => space.Unmap(start, length),
            SystemCallNumber.Remap => space.Remap(start, length, new ByteLength(a.Third), (RemapFlags)a.Fourth, new VirtualAddress(a.Fifth)),
            SystemCallNumber.Protect => space.Protect(start, length, (Protection)a.Third),
            SystemCallNumber.Advise => space.Advise(start, length, (Advice)a.Third),
            SystemCallNumber.Break => space.Break(start),
            SystemCallNumber.Lock => space.Lock(start, length),
            SystemCallNumber.Unlock => space.Unlock(start, length),
            PseudoCall.RelocateDown => space.RelocateDown(start, length, new ByteLength(a.Third)),
            _ => throw new ArgumentException($"{call.Kind} is no call of a space.", nameof(call)),
        };
    }
}
