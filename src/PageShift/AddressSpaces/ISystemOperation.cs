using PageShift.Abi;

namespace PageShift.AddressSpaces;

/// <summary>A system call, as something that is made on an address space while nothing else is.</summary>
internal interface ISystemOperation
{
    /// <summary>Makes the call. The mapping lock is held exclusively.</summary>
    CallResult Make(AddressSpace space, in CallArguments arguments);
}
