using System.Text;
using PageShift.Calls.Names;

namespace PageShift.Calls.Text;

/// <summary>Strings for names and paths that repeat, in bounded memory: a name that is met again allocates nothing.</summary>
internal sealed class NameCache
{
    private const int SlotCount = 1024;
    private const int LongestKept = 4096;

    private readonly (byte[] Bytes, string Text)[] _slots = new (byte[], string)[SlotCount];

    public string Intern(ReadOnlySpan<byte> name)
    {
        ref (byte[] Bytes, string Text) slot = ref _slots[SymbolTable.Hash(name) % SlotCount];
        if (slot.Bytes is not null && name.SequenceEqual(slot.Bytes))
            return slot.Text;
        string text = Encoding.UTF8.GetString(name);
        if (name.Length <= LongestKept)
            slot = (name.ToArray(), text);
        return text;
    }
}
