using System.Globalization;
using PageShift.Abi;
using PageShift.Mappings;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Mappings;

/// <summary>Histories recorded on Linux 6.18 by Recorded/record.c: the tree gives the kernel's addresses, and after
/// each call has the kernel's mappings with the kernel's flags. The variable PAGESHIFT_RECORDED names a folder of
/// other recordings to repeat instead.</summary>
public class RecordedHistoryTests
{
    private const long LowestError = -4095;

    private static readonly Dictionary<string, VmFlags> Codes = new()
    {
        ["rd"] = VmFlags.Read,
        ["wr"] = VmFlags.Write,
        ["ex"] = VmFlags.Execute,
        ["sh"] = VmFlags.Shared,
        ["mr"] = VmFlags.MayRead,
        ["mw"] = VmFlags.MayWrite,
        ["me"] = VmFlags.MayExecute,
        ["ms"] = VmFlags.MayShare,
        ["gd"] = VmFlags.GrowsDown,
        ["ac"] = VmFlags.Account,
        ["nr"] = VmFlags.NoReserve,
        ["de"] = VmFlags.DontExpand,
        ["dc"] = VmFlags.DontCopy,
        ["dd"] = VmFlags.DontDump,
        ["hg"] = VmFlags.HugePage,
        ["nh"] = VmFlags.NoHugePage,
        ["gu"] = VmFlags.MayHaveGuards,
        ["sr"] = VmFlags.SequentialRead,
        ["pf"] = VmFlags.None, // Of the kernel's own mappings only, which no call touches.
        ["io"] = VmFlags.None,
    };

    public static TheoryData<string> Files =>
        [.. Directory.GetFiles(Folder, "*.txt").Select(path => Path.GetFileName(path))];

    private static string Folder => Path.Combine(
        Environment.GetEnvironmentVariable("PAGESHIFT_RECORDED") ?? Path.Combine(RepositoryRoot(), "tests/PageShift.Tests/Mappings/Recorded"));

    [Theory]
    [MemberData(nameof(Files))]
    public void The_tree_repeats_what_the_kernel_did(string file)
    {
        RecordedSpace space = new();
        SortedDictionary<ulong, (ulong End, VmFlags Flags)> kernel = [];
        string call = "the start";
        int number = 0;
        foreach (string line in File.ReadLines(Path.Combine(Folder, file)))
        {
            number++;
            string[] words = line.Split(' ');
            switch (words[0])
            {
                case "#":
                    break;
                case "-":
                    Assert.True(kernel.Remove(Hex(words[1])), $"line {number}");
                    break;
                case "+":
                    kernel[Hex(words[1])] = (Hex(words[2]), Flags(words.AsSpan(3)));
                    break;
                case "own":
                    kernel[Hex(words[1])] = (Hex(words[2]), Flags(words.AsSpan(3)));
                    space.Own(Range(words[1], words[2]), Flags(words.AsSpan(3)));
                    break;
                default:
                    AssertSame(kernel, space.Tree, call);
                    call = $"line {number}: {line}";
                    Call(space, words, call);
                    space.Tree.Verify();
                    break;
            }
        }

        AssertSame(kernel, space.Tree, call);
        Assert.True(number > 1000, "The recording is too short to mean anything.");
    }

    private static void AssertSame(
        SortedDictionary<ulong, (ulong End, VmFlags Flags)> kernel, MappingTree tree, string call)
    {
        List<(ulong, ulong, VmFlags)> mappings = [];
        for (MappingHandle at = tree.First; at.Exists; at = tree.Next(at))
            mappings.Add((tree.RangeOf(at).Start.Value, tree.RangeOf(at).End.Value, tree.FlagsOf(at)));
        List<(ulong, ulong, VmFlags)> expected = [.. kernel.Select(m => (m.Key, m.Value.End, m.Value.Flags))];
        if (!expected.SequenceEqual(mappings))
        {
            Assert.Fail($"After {call}\nonly the kernel has{Lines(expected.Except(mappings))}\n"
                + $"only the tree has{Lines(mappings.Except(expected))}");
        }
    }

    private static string Lines(IEnumerable<(ulong Start, ulong End, VmFlags Flags)> mappings) =>
        string.Concat(mappings.Select(m => $"\n  {m.Start:x}-{m.End:x} {m.Flags}"));

    private static void Call(RecordedSpace space, string[] words, string call)
    {
        VirtualAddress Address(int word) => new(Hex(words[word]));
        ByteLength Length(int word) => new(Hex(words[word]));
        AddressRange Covered() => new(Address(1), Length(2));
        long result = words.Contains("=") ? (long)Hex(words[^1]) : 0;
        bool failed = result is < 0 and >= LowestError;
        switch (words[0])
        {
            case "mmap":
                VirtualAddress? placed = space.Map(
                    Address(1), Length(2), Access(words[3]), (MapFlags)Hex(words[4]), int.Parse(words[5], CultureInfo.InvariantCulture), Hex(words[6]));
                AssertResult(result, failed, placed, call);
                break;
            case "mremap" when failed && !space.Tree.Find(Address(1)).Exists:
            case "mremap" when failed && Covered().Overlaps(new AddressRange(Address(5), Length(3))):
                break;
            case "mremap":
                AssertResult(result, failed, space.Remap(Address(1), Length(2), Length(3), (uint)Hex(words[4]), Address(5)), call);
                break;
            case "munmap":
                space.Unmap(Covered());
                break;
            case "mprotect":
                space.Protect(Covered(), Access(words[3]));
                break;
            case "madvise" when int.Parse(words[3], CultureInfo.InvariantCulture) == (int)Abi.Advice.GuardInstall:
                space.InstallGuards(Covered());
                break;
            case "madvise":
                (VmFlags set, VmFlags clear) = Advice(int.Parse(words[3], CultureInfo.InvariantCulture));
                space.Advise(Covered(), set, clear);
                break;
            case "touch":
                space.Touch(Address(1));
                break;
            case "fork":
                space.Fork();
                break;
            default:
                Assert.Fail($"Unknown: {call}");
                break;
        }
    }

    private static void AssertResult(long result, bool failed, VirtualAddress? address, string call)
    {
        VirtualAddress? expected = failed ? null : new VirtualAddress((ulong)result);
        Assert.True(expected == address, $"{call}, but the tree gave {address?.ToString() ?? "nothing"}");
    }

    private static (VmFlags Set, VmFlags Clear) Advice(int advice) => (Advice)advice switch
    {
        Abi.Advice.DontFork => (VmFlags.DontCopy, VmFlags.None),
        Abi.Advice.DoFork => (VmFlags.None, VmFlags.DontCopy),
        Abi.Advice.HugePage => (VmFlags.HugePage, VmFlags.NoHugePage),
        Abi.Advice.NoHugePage => (VmFlags.NoHugePage, VmFlags.HugePage),
        Abi.Advice.Sequential => (VmFlags.SequentialRead, VmFlags.RandomRead),
        Abi.Advice.Normal => (VmFlags.None, VmFlags.SequentialRead | VmFlags.RandomRead),
        Abi.Advice.DontDump => (VmFlags.DontDump, VmFlags.None),
        Abi.Advice.DoDump => (VmFlags.None, VmFlags.DontDump),
        _ => throw new ArgumentOutOfRangeException(nameof(advice), advice, "The recorder gives no such advice."),
    };

    private static VmFlags Access(string protection) => (VmFlags)Hex(protection) & VmFlags.AccessMask;

    private static VmFlags Flags(ReadOnlySpan<string> codes)
    {
        VmFlags flags = VmFlags.None;
        foreach (string code in codes)
            flags |= Codes[code];
        return flags;
    }

    private static AddressRange Range(string start, string end) => new(new VirtualAddress(Hex(start)), new VirtualAddress(Hex(end)));

    private static ulong Hex(string word) => ulong.Parse(word, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static string RepositoryRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "PageShift.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("The tests run outside the repository.");
    }
}
