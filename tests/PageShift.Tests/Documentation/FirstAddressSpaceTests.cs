using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Documentation;

/// <summary>The README's first address space: compiled and run here, and the same text there.</summary>
public sealed class FirstAddressSpaceTests
{
    [Fact]
    public void The_readmes_code_is_this_code()
    {
        string source = File.ReadAllText(Repository.Path("tests/PageShift.Tests/Documentation/FirstAddressSpaceTests.cs"));
        string[] shown = [.. Between(source, "// README begins\n", "        // README ends").TrimEnd().Split('\n').Select(line => line.Length > 8 ? line[8..] : line)];

        string[] readme = Between(File.ReadAllText(Repository.Path("README.md")), "```csharp\n", "\n```").Split('\n');

        Assert.Equal(shown, readme.Where(line => !line.StartsWith("using PageShift", StringComparison.Ordinal)).SkipWhile(line => line.Length == 0));
    }

    [Fact]
    public void The_readmes_code_prints_what_its_comments_say()
    {
        Run();

        string readme = Between(File.ReadAllText(Repository.Path("README.md")), "```csharp\n", "\n```");
        Assert.Equal(readme.Split('\n').Where(line => line.Contains("; // ", StringComparison.Ordinal)).Select(line => line[(line.IndexOf("; // ", StringComparison.Ordinal) + 5)..]), Console.Lines);
    }

    private static void Run()
    {
        // README begins
        using var space = new AddressSpace();
        var old = new VirtualAddress(0x8100000);
        var length = new ByteLength(2 << 20);
        space.Map(old, length, Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        space.Write(old, 42L);

        CallResult moved = space.Remap(old, length, length, RemapFlags.MayMove | RemapFlags.Fixed, new VirtualAddress(0x7f00000));
        Console.WriteLine(moved); // 0x7f00000
        Console.WriteLine(space.Read<long>(moved.Address)); // 42
        Console.WriteLine(space.TlbFlushes); // 1
        // Errors of the kernel are values: nothing is mapped at the old place any more.
        CallResult refused = space.Protect(old, length, Protection.Read);
        Console.WriteLine(refused.Error); // OutOfMemory
        // README ends
    }

    private static string Between(string text, string start, string end)
    {
        int from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }

    /// <summary>Stands in for the real one, so that tests that run at the same time do not mix.</summary>
    private static class Console
    {
        internal static List<string> Lines { get; } = [];

        internal static void WriteLine(object value) => Lines.Add(value.ToString()!);
    }
}
