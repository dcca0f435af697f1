using System.Buffers.Binary;
using System.Text;

namespace PageShift.Calls.Names;

/// <summary>Names and their values, found by the name's bytes: open addressing over a power of two of slots.</summary>
internal sealed class SymbolTable
{
    private readonly Slot[] _slots;

    public SymbolTable((string Name, ulong Value)[] symbols)
    {
        _slots = new Slot[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)symbols.Length * 2 + 1)];
        foreach ((string name, ulong value) in symbols)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(name);
            uint slot = Hash(bytes);
            while (_slots[slot & Mask].Name is not null)
                slot++;
            _slots[slot & Mask] = new Slot(bytes, value);
        }
    }

    private uint Mask => (uint)_slots.Length - 1;

    public bool TryFind(ReadOnlySpan<byte> name, out ulong value)
    {
        for (uint slot = Hash(name); _slots[slot & Mask].Name is { } candidate; slot++)
        {
            if (name.SequenceEqual(candidate))
            {
                value = _slots[slot & Mask].Value;
                return true;
            }
        }

        value = 0;
        return false;
    }

    /// <summary>Mixes the length with the last 8 bytes (of a shorter name all), in which names with a common prefix differ most.</summary>
    internal static uint Hash(ReadOnlySpan<byte> name)
    {
        ulong tail = 0;
        if (name.Length >= sizeof(ulong))
            tail = BinaryPrimitives.ReadUInt64LittleEndian(name[^sizeof(ulong)..]);
        else if (name.Length >= sizeof(uint))
            tail = (ulong)BinaryPrimitives.ReadUInt32LittleEndian(name) << 32 | BinaryPrimitives.ReadUInt32LittleEndian(name[^sizeof(uint)..]);
        else
            foreach (byte letter in name)
                tail = tail << 8 | letter;
        return (uint)((tail ^ (ulong)name.Length * 0x9E3779B97F4A7C15) * 0xD6E8FEB86659FD93 >> 32);
    }

    private readonly record struct Slot(byte[] Name, ulong Value);
}
