using PageShift.Memory.Interop;

namespace PageShift.Memory.Kernel;

/// <summary>Finds out what a kernel can do, by trying. What it has no memory for is neither yes nor no: the answer holds for the life of the process.</summary>
internal static class CapabilityProbe
{
    /// <summary>True when it maps memory.</summary>
    /// <exception cref="InsufficientMemoryException">There is no room to try.</exception>
    internal static bool Maps(IMemoryKernel kernel)
    {
        if (!Succeeds(kernel.Map(0, kernel.PageSize, PageAccess.None, MapOptions.Private), out ulong place))
            return false;
        kernel.Unmap(place, kernel.PageSize);
        return true;
    }

    /// <summary>True when a page can be moved by <see cref="RemapOptions.Move"/> (Linux 5.7), and arrives with its bytes.</summary>
    /// <exception cref="InsufficientMemoryException">There is no room to try.</exception>
    internal static bool MovesPages(IMemoryKernel kernel)
    {
        const ulong Pages = 2;
        ulong page = kernel.PageSize;
        if (!Succeeds(kernel.Map(0, Pages * page, PageAccess.ReadWrite, MapOptions.Private), out ulong place))
            return false;
        kernel.Write(place, [1]);
        long moved = kernel.Remap(place, page, page, RemapOptions.Move, place + page);
        bool isMoved = moved == (long)(place + page) && FirstByte(kernel, place) == 0 && FirstByte(kernel, place + page) == 1;

        // Linux may have unmapped the second page before it ran out of memory: by now it may be another thread's.
        kernel.Unmap(place, moved == KernelError.OutOfMemory ? page : Pages * page);
        ThrowIfShort(moved);
        return isMoved;
    }

    /// <summary>True when a page can be moved by <see cref="IMemoryKernel.MovePages"/>, and arrives with its bytes.</summary>
    /// <exception cref="InsufficientMemoryException">There is no room to try.</exception>
    internal static bool MovesSinglePages(IMemoryKernel kernel)
    {
        const ulong Pages = 2;
        ulong page = kernel.PageSize;
        if (!Succeeds(kernel.Map(0, Pages * page, PageAccess.ReadWrite, MapOptions.Private), out ulong place))
            return false;
        kernel.Write(place, [1]);
        long moved = kernel.MovePages(place, place + page, page);
        bool isMoved = moved == (long)page && FirstByte(kernel, place + page) == 1;
        kernel.Unmap(place, Pages * page);
        ThrowIfShort(moved);
        return isMoved;
    }

    private static bool Succeeds(long answer, out ulong value)
    {
        ThrowIfShort(answer);
        value = (ulong)answer;
        return answer >= 0;
    }

    private static void ThrowIfShort(long answer)
    {
        if (answer == KernelError.OutOfMemory)
            throw new InsufficientMemoryException("There is no memory to find out what the kernel can do: errno 12.");
    }

    private static byte FirstByte(IMemoryKernel kernel, ulong address)
    {
        Span<byte> value = stackalloc byte[1];
        kernel.Read(address, value);
        return value[0];
    }
}
