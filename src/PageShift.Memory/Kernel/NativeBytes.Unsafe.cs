namespace PageShift.Memory.Kernel;

/// <summary>Accesses to native memory by address.</summary>
internal static unsafe class NativeBytes
{
    internal static void Copy(ulong source, ulong destination, ulong length) => Buffer.MemoryCopy((void*)source, (void*)destination, length, length);

    internal static void Clear(ulong address, ulong length) => System.Runtime.InteropServices.NativeMemory.Clear((void*)address, (nuint)length);

    /// <summary>Reads a byte and writes it back.</summary>
    internal static void Touch(ulong address) => Volatile.Write(ref *(byte*)address, Volatile.Read(ref *(byte*)address));

    internal static bool IsZero(ulong address, ulong length) => !new ReadOnlySpan<byte>((void*)address, checked((int)length)).ContainsAnyExcept((byte)0);

    internal static void Read(ulong address, Span<byte> destination) => new ReadOnlySpan<byte>((void*)address, destination.Length).CopyTo(destination);

    internal static void Write(ulong address, ReadOnlySpan<byte> source) => source.CopyTo(new Span<byte>((void*)address, source.Length));

    /// <summary>The bytes as a span. The caller keeps the memory mapped.</summary>
    internal static Span<byte> AsSpan(ulong address, int length) => new((void*)address, length);
}
