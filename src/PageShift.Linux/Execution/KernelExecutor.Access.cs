using PageShift.Units;

namespace PageShift.Linux.Execution;

/// <content>Loads and stores, made by the process itself: faults, stack growth, large pages and signals are those that
/// a program would meet. A signal ends the access and is reported; the process goes on.</content>
public sealed partial class KernelExecutor
{
    /// <summary>Stores one byte value from <paramref name="start"/> upwards.</summary>
    /// <param name="start">The first address.</param>
    /// <param name="value">The byte.</param>
    /// <param name="length">How many bytes; longer than <see cref="KernelExecutorOptions.MostPopulatedBytes"/> is refused.</param>
    public MemoryAccess Fill(VirtualAddress start, byte value, ByteLength length)
    {
        Refusal refusal = length > _options.MostPopulatedBytes ? Refusal.PopulatesTooMuch
            : TouchesHost(start.Value, length.Value) ? Refusal.TouchesHost : Refusal.None;
        return refusal == Refusal.None ? Access(HostRequest.Fill, start.Value, value, length.Value) : Refuse(refusal);
    }

    /// <summary>Stores <paramref name="bytes"/> from <paramref name="start"/> upwards.</summary>
    /// <param name="start">The first address.</param>
    /// <param name="bytes">What to store.</param>
    public MemoryAccess Write(VirtualAddress start, ReadOnlySpan<byte> bytes)
    {
        if (TouchesHost(start.Value, (ulong)bytes.Length)) return Refuse(Refusal.TouchesHost);
        ulong done = 0;
        while (true)
        {
            ReadOnlySpan<byte> part = bytes[(int)done..Math.Min(bytes.Length, (int)done + (int)HostLayout.ScratchBytes)];
            part.CopyTo(_host.Scratch);
            MemoryAccess access = Access(HostRequest.Copy, unchecked(start.Value + done), _host.ScratchAddress, (ulong)part.Length);
            done += access.BytesDone.Value;
            if (!access.IsComplete || done == (ulong)bytes.Length) return access with { BytesDone = new ByteLength(done) };
        }
    }

    /// <summary>Loads bytes from <paramref name="start"/> upwards. This faults pages in, as a program's loads do; to look without
    /// touching there is <see cref="ReadPresentBytes"/>.</summary>
    /// <param name="start">The first address.</param>
    /// <param name="bytes">Takes what was loaded, up to <see cref="MemoryAccess.BytesDone"/>.</param>
    public MemoryAccess Read(VirtualAddress start, Span<byte> bytes)
    {
        if (TouchesHost(start.Value, (ulong)bytes.Length)) return Refuse(Refusal.TouchesHost);
        ulong done = 0;
        while (true)
        {
            Span<byte> part = bytes[(int)done..Math.Min(bytes.Length, (int)done + (int)HostLayout.ScratchBytes)];
            MemoryAccess access = Access(HostRequest.Copy, _host.ScratchAddress, unchecked(start.Value + done), (ulong)part.Length);
            _host.Scratch[..(int)access.BytesDone.Value].CopyTo(part);
            done += access.BytesDone.Value;
            if (!access.IsComplete || done == (ulong)bytes.Length) return access with { BytesDone = new ByteLength(done) };
        }
    }

    private static MemoryAccess Refuse(Refusal refusal) => new(default, 0, 0, default, refusal);

    private MemoryAccess Access(HostRequest kind, ulong destination, ulong source, ulong bytes) =>
        _host.Access(kind, destination, source, bytes, out MemoryAccess access) ? access : Refuse(Refusal.ProcessEnded);
}
