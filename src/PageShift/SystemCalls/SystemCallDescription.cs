using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Units;

namespace PageShift.SystemCalls;

/// <summary>All that is known of one memory call: its number, its name, its arguments, which ranges it concerns, and how it is made on an address space. What reads, writes, makes, follows or invents calls asks here.</summary>
/// <remarks>Immutable, thread-safe. The ranges are by the arguments alone, whether the call succeeds or not: unaligned where the arguments are, and empty where they wrap past 2^64.</remarks>
internal abstract class SystemCallDescription : ISystemOperation
{
    private readonly string[] _names;
    private readonly CallParameter[] _parameters;
    private readonly bool _hasIdentifier;

    private protected SystemCallDescription(SystemCallNumber number, string name, CallEffect effect, params CallParameter[] parameters)
    {
        _names = Array.ConvertAll(parameters, parameter => parameter.Name);
        _parameters = parameters;
        _hasIdentifier = Array.Exists(parameters, parameter => parameter.Form == ArgumentForm.Identifier);
        Number = number;
        Name = name;
        Effect = effect;
    }

    /// <summary>The number on x86-64.</summary>
    public SystemCallNumber Number { get; }

    /// <summary>The name in the kernel's table.</summary>
    public string Name { get; }

    /// <summary>The arguments, in the order of their registers. Empty for a call that is not modelled.</summary>
    public IReadOnlyList<CallParameter> Parameters => _parameters;

    /// <summary>What the kernel's tracepoint calls the arguments: perf trace writes them so. Source: <c>/sys/kernel/tracing/events/syscalls/sys_enter_*/format</c> of Linux 6.18.</summary>
    public virtual IReadOnlyList<string> TracepointNames => _names;

    /// <summary>What it does with mappings.</summary>
    public CallEffect Effect { get; }

    /// <summary>True when the engine can make the call.</summary>
    public virtual bool IsModelled => true;

    /// <summary>True when the call returns an address.</summary>
    public virtual bool ReturnsAddress => false;

    /// <summary>True when the call returns what the kernel calls an object that processes share (<see cref="ArgumentForm.Identifier"/>).</summary>
    public virtual bool ReturnsIdentifier => false;

    /// <summary>True when it is a call on objects that processes share: what others have done decides its outcome too.</summary>
    public virtual bool IsOnShared => ReturnsIdentifier || _hasIdentifier;

    /// <summary>False when the call with these arguments is another one, which leaves memory alone.</summary>
    public virtual bool ConcernsMemory(in CallArguments arguments) => true;

    /// <summary>True when the engine does with these arguments what Linux does.</summary>
    public virtual bool IsModelledWith(in CallArguments arguments) => IsModelled;

    /// <summary>False when a call that succeeded elsewhere used something that <paramref name="space"/> does not know of, so that it can't be made there.</summary>
    public virtual bool CanBeMadeIn(AddressSpace space, in CallArguments arguments) => true;

    /// <summary>The call as it has to be made on a space to return what it returned elsewhere, where arguments alone do not decide that. The space may be told what is to come.</summary>
    public virtual CallArguments Following(AddressSpace space, in CallArguments arguments, CallResult result) => arguments;

    /// <summary>The identifier of the shared memory that the call maps; null for none.</summary>
    public virtual int? Attached(in CallArguments arguments) => null;

    /// <summary>True when the call with these arguments changes pages at most, and no mapping.</summary>
    public virtual bool LeavesMappings(in CallArguments arguments) => Effect == CallEffect.None;

    /// <summary>True when the call may move page-table entries.</summary>
    public virtual bool MayMove(in CallArguments arguments) => false;

    /// <summary>What has to be mapped for the call to succeed: whole pages.</summary>
    public virtual AddressRange Presupposed(in CallArguments arguments) => default;

    /// <summary>As what it has to be mapped for that, as far as the call tells: shared, or growing down.</summary>
    public virtual MapFlags PresupposedKind(in CallArguments arguments) => MapFlags.Private;

    /// <summary>Where the call looks for mappings: what is elsewhere does not decide how it ends, but for its counts. All of user space where it searches for a place.</summary>
    public virtual CallRanges Examined(in CallArguments arguments) => CallRanges.All;

    /// <summary>True when it decides how the call ends where pages are.</summary>
    public virtual bool DependsOnPages(in CallArguments arguments) => false;

    /// <summary>Where the call may change mappings.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="breakStart">Where the heap begins.</param>
    public virtual CallRanges RangesBefore(in CallArguments arguments, VirtualAddress breakStart) => default;

    /// <summary>Where the call has put something, where the kernel chose the place or might have.</summary>
    public virtual CallRanges RangesAfter(in CallArguments arguments, CallResult result) => default;

    /// <summary>What the call may have made writable: of what it moves, the part that it adds. Not told of brk, where it depends on the break before.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="result">What it returned; no error.</param>
    public virtual AddressRange MadeAccessible(in CallArguments arguments, CallResult result) => default;

    /// <summary>How many bytes of memory the call may take at most.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="breakStart">Where the heap begins.</param>
    /// <param name="locksFuture">True after mlockall(MCL_FUTURE): what becomes mapped or accessible is brought in.</param>
    public virtual ulong PopulatedBytes(in CallArguments arguments, VirtualAddress breakStart, bool locksFuture) => 0;

    /// <summary>How many of its arguments the call looks at.</summary>
    public virtual int UsedArguments(in CallArguments arguments) => Parameters.Count;

    /// <summary>True when strace writes the arguments that it leaves out where it can (<see cref="CallParameter.IsOptional"/>).</summary>
    public virtual bool ShowsOptional(in CallArguments arguments) => true;

    /// <summary>How many bytes the call writes to its <see cref="ArgumentForm.Vector"/>.</summary>
    public virtual ulong OutputBytes(in CallArguments arguments) => 0;

    /// <summary>The file descriptor that the call looks at; null for none.</summary>
    public virtual int? Descriptor(in CallArguments arguments) => null;

    /// <summary>The call as it has to be made to end at an address that was chosen elsewhere.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="address">What the call returned there.</param>
    /// <param name="replaces">True to replace what is there; false to fail then.</param>
    public virtual CallArguments PlacedAt(in CallArguments arguments, VirtualAddress address, bool replaces) => arguments;

    /// <summary>The registers as the call reads them: an int is sign-extended, and what is not looked at is 0.</summary>
    public CallArguments Normalize(in CallArguments registers)
    {
        CallArguments arguments = default;
        for (int i = 0; i < UsedArguments(registers); i++)
            arguments = arguments.With(i, Parameters[i].Form is ArgumentForm.Signed or ArgumentForm.FileDescriptor or ArgumentForm.Identifier ? (ulong)(int)registers[i] : registers[i]);
        return arguments;
    }

    /// <summary>The call with another file descriptor.</summary>
    public CallArguments WithDescriptor(in CallArguments arguments, int descriptor)
    {
        for (int i = 0; i < Parameters.Count; i++)
        {
            if (Parameters[i].Form == ArgumentForm.FileDescriptor)
                return arguments.With(i, (ulong)descriptor);
        }

        return arguments;
    }

    CallResult ISystemOperation.Make(AddressSpace space, in CallArguments arguments) => Make(space, arguments);

    /// <summary>Makes the call, the mapping lock held exclusively.</summary>
    internal virtual CallResult Make(AddressSpace space, in CallArguments arguments) => Errno.NotImplemented;

    /// <summary>The whole pages that a range of bytes touches, and those of another; all of user space when one wraps.</summary>
    private protected static CallRanges Pages(ulong start, ulong length, ulong otherStart = 0, ulong otherLength = 0)
    {
        AddressRange first = PagesOf(start, length);
        AddressRange second = PagesOf(otherStart, otherLength);
        bool wraps = (first.IsEmpty && length != 0) || (second.IsEmpty && otherLength != 0);
        return wraps || first.End.Value > CallRanges.Limit || second.End.Value > CallRanges.Limit ? CallRanges.All : new CallRanges(first, second);
    }

    /// <summary>The whole pages that a range of bytes touches; empty when it wraps.</summary>
    private protected static AddressRange PagesOf(ulong start, ulong length)
    {
        ulong first = start & ~(PageSize.Bytes - 1);
        ulong end = unchecked(start + length + (PageSize.Bytes - 1)) & ~(PageSize.Bytes - 1);
        return end <= first ? default : CallRanges.Of(first, end - first);
    }
}
