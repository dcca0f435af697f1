using PageShift.Memory.Interop;
using PageShift.Memory.Kernel;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>How a call fails.</summary>
public enum FailureKind
{
    /// <summary>One call is refused, and changes nothing.</summary>
    RefuseOne,

    /// <summary>All calls from one on are refused, and change nothing.</summary>
    RefuseAllFrom,

    /// <summary>One call fails; if it was a move to a place, what was there is unmapped, as Linux does when it fails late.</summary>
    FailLate,
}

/// <summary>A kernel that counts its calls, may claim larger pages, may be unable to move, and fails where a test wants it to.</summary>
internal sealed class DecoratedKernel(IMemoryKernel inner) : IMemoryKernel
{
    public ulong PageSize { get; init; } = inner.PageSize;

    public bool MovesPages { get; init; } = inner.MovesPages;

    public bool MovesSinglePages { get; init; } = inner.MovesSinglePages;

    /// <summary>The calls so far; accesses don't count.</summary>
    internal int Calls { get; private set; }

    /// <summary>The calls of mremap so far.</summary>
    internal int Remaps { get; private set; }

    /// <summary>The moves of single pages so far.</summary>
    internal int MovesOfPages { get; private set; }

    /// <summary>The bytes that were copied.</summary>
    internal ulong Copied { get; private set; }

    /// <summary>The number of the call that fails, from 0 on; -1 for none.</summary>
    internal int FailsAt { get; set; } = -1;

    internal FailureKind Kind { get; set; }

    internal bool HasFailed { get; private set; }

    /// <summary>True to refuse also all calls after the one that fails.</summary>
    internal bool RefusesAfterFailure { get; init; }

    internal void Reset() => (Calls, Remaps, MovesOfPages, Copied, HasFailed) = (0, 0, 0, 0, false);

    public long Map(ulong address, ulong length, PageAccess access, MapOptions options) => IsRefused() ? KernelError.OutOfMemory : inner.Map(address, length, access, options);

    public long Unmap(ulong address, ulong length) => IsRefused() ? KernelError.OutOfMemory : inner.Unmap(address, length);

    public long Protect(ulong address, ulong length, PageAccess access) => IsRefused() ? KernelError.OutOfMemory : inner.Protect(address, length, access);

    public long Remap(ulong old, ulong oldLength, ulong newLength, RemapOptions options, ulong @new)
    {
        Remaps++;
        if (!IsRefused())
            return inner.Remap(old, oldLength, newLength, options, @new);
        if (Kind == FailureKind.FailLate && (options & RemapOptions.Fixed) != 0)
            Assert.Equal(0, inner.Unmap(@new, newLength));
        return KernelError.OutOfMemory;
    }

    // MADV_NORMAL of mapped memory without other advice takes nothing and can't fail.
    public long Advise(ulong address, ulong length, PageAdvice advice) => advice != PageAdvice.Normal && IsRefused() ? KernelError.TryAgain : inner.Advise(address, length, advice);

    public long MovePages(ulong source, ulong destination, ulong length)
    {
        MovesOfPages++;
        return IsRefused() ? KernelError.TryAgain : inner.MovePages(source, destination, length);
    }

    public void Copy(ulong source, ulong destination, ulong length)
    {
        Copied += length;
        inner.Copy(source, destination, length);
    }

    public void Clear(ulong address, ulong length) => inner.Clear(address, length);

    public void Touch(ulong address) => inner.Touch(address);

    public bool IsZero(ulong address, ulong length) => inner.IsZero(address, length);

    public void Read(ulong address, Span<byte> destination) => inner.Read(address, destination);

    public void Write(ulong address, ReadOnlySpan<byte> source) => inner.Write(address, source);

    private bool IsRefused()
    {
        int call = Calls++;
        bool isRefused = FailsAt >= 0 && (Kind == FailureKind.RefuseAllFrom || RefusesAfterFailure ? call >= FailsAt : call == FailsAt);
        HasFailed |= isRefused;
        return isRefused;
    }
}
