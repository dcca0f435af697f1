using PageShift.Abi;
using PageShift.Calls;
using PageShift.Mappings;
using PageShift.Verification.Oracle;

namespace PageShift.Tests.Model;

/// <summary>Makes a call on an address space: by its typed method, or by its number.</summary>
internal static class ModelInvocation
{
    internal static CallResult Make(AddressSpace space, in ModelCall call, Dictionary<ulong, (OpenFile File, OracleObject Object)> files)
    {
        CallArguments a = call.Arguments;
        if (!call.IsTyped && new SystemCall(call.Kind, a).Number is { } number)
            return new CallResult(space.Invoke((long)number, a.First, a.Second, a.Third, a.Fourth, a.Fifth, a.Sixth));
        var start = new VirtualAddress(a.First);
        var length = new ByteLength(a.Second);
        return call.Kind switch
        {
            CallKind.Map => space.Map(start, length, (Protection)a.Third, (MapFlags)a.Fourth, files.GetValueOrDefault(a.Fifth).File, a.Sixth),
            CallKind.Unmap => space.Unmap(start, length),
            CallKind.Remap => space.Remap(start, length, new ByteLength(a.Third), (RemapFlags)a.Fourth, new VirtualAddress(a.Fifth)),
            CallKind.Protect => space.Protect(start, length, (Protection)a.Third),
            CallKind.Advise => space.Advise(start, length, (Advice)a.Third),
            CallKind.Break => space.Break(start),
            CallKind.Lock => space.Lock(start, length),
            CallKind.Unlock => space.Unlock(start, length),
            CallKind.RelocateDown => space.RelocateDown(start, length, new ByteLength(a.Third)),
            _ => throw new ArgumentException($"{call.Kind} is no call of a space.", nameof(call)),
        };
    }
}
