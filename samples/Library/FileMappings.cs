using System.Text;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.Physical;
using PageShift.Units;

namespace PageShift.Samples;

/// <summary>Mappings of files: a file whose pages are read when they are first needed, mapped privately and shared, and a memfd that two address spaces share.</summary>
internal static class FileMappings
{
    internal static void Run()
    {
        using var memory = new PhysicalMemory();
        using var space = new AddressSpace(memory);
        int pagesRead = 0;
        using var book = new MemoryObject(memory, ByteLength.FromMiB(1), (page, destination) =>
        {
            pagesRead++;
            Encoding.ASCII.GetBytes($"page {page.Value} of the book", destination);
        });

        var file = new OpenFile(book);
        VirtualAddress draft = Map(space, book, MapFlags.Private, file), shown = Map(space, book, MapFlags.Shared, file);
        VirtualAddress tenth = draft + (PageSize.Length * 10), tenthShown = shown + (PageSize.Length * 10);
        Console.WriteLine($"at {tenth}: {Text(space, tenth)}");
        space.Write(tenth, "A private page"u8);
        Console.WriteLine($"private: {Text(space, tenth)}; shared: {Text(space, tenthShown)}");
        space.Write(tenthShown, "PAGE"u8);
        Console.WriteLine($"private: {Text(space, tenth)}; shared: {Text(space, tenthShown)}; {pagesRead} page of the file was read");

        book.SetLength(ByteLength.FromKiB(8)); // two pages are left
        Console.WriteLine($"the file is shorter: {space.TryRead(tenthShown, new byte[1], out _)}");

        using var pipe = new MemoryObject(memory, ByteLength.FromKiB(4)); // as memfd_create makes it
        using var other = new AddressSpace(memory);
        space.Write(Map(space, pipe, MapFlags.Shared, new OpenFile(pipe)), "hello"u8);
        Console.WriteLine($"the other space reads: {Text(other, Map(other, pipe, MapFlags.Shared, new OpenFile(pipe) { CanWrite = false }, Protection.Read))}");
        Errno error = other.Map(VirtualAddress.Zero, pipe.Length, Protection.Read | Protection.Write, MapFlags.Shared, new OpenFile(pipe) { CanWrite = false }).Error;
        Console.WriteLine($"writable, of what was opened for reading: {error}");
    }

    private static VirtualAddress Map(
        AddressSpace space, MemoryObject shown, MapFlags type, OpenFile file, Protection protection = Protection.Read | Protection.Write) =>
        space.Map(VirtualAddress.Zero, shown.Length, protection, type, file).Address;

    private static string Text(AddressSpace space, VirtualAddress at)
    {
        Span<byte> bytes = stackalloc byte[32];
        space.Read(at, bytes);
        return Encoding.ASCII.GetString(bytes[..bytes.IndexOf((byte)0)]);
    }
}
