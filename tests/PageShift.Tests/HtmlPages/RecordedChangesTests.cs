using System.Buffers;
using System.Text;
using System.Text.Json;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Cli.Output.Html;
using PageShift.Mappings;
using PageShift.Moving;
using Xunit;

namespace PageShift.Tests.HtmlPages;

/// <summary>The changes that the page is given lead to the mappings that there are, after every call.</summary>
public sealed class RecordedChangesTests
{
    [Fact]
    public void The_changes_of_a_real_program_lead_to_its_mappings() =>
        Check(File.ReadAllBytes(Repository.Path("samples/realloc.strace")));

    [Theory]
    [InlineData("expanded-start-leaves-no-table")]
    [InlineData("cold-takes-a-large-page-apart")]
    public void The_changes_of_a_recorded_trace_lead_to_its_mappings(string trace) =>
        Check(File.ReadAllBytes(Repository.Path($"tests/traces/{trace}.strace")));

    [Fact]
    public void The_changes_of_several_processes_lead_to_their_mappings() => Check(Encoding.UTF8.GetBytes("""
        100 mmap(0x10000000, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x10000000
        100 madvise(0x10004000, 4096, MADV_DONTFORK) = 0
        100 clone(child_stack=NULL, flags=SIGCHLD) = 101
        101 munmap(0x10000000, 4096) = 0
        101 mprotect(0x10008000, 8192, PROT_NONE) = 0
        100 mremap(0x10000000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x20000000) = 0x20000000
        101 execve("/bin/true", ["true"], 0x7ffc00000000 /* 1 var */) = 0
        101 mmap(0x30000000, 8192, PROT_READ, MAP_SHARED|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x30000000
        100 mlockall(MCL_CURRENT) = 0
        100 munmap(0x10000000, 1048576) = 0

        """));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_changes_of_random_calls_lead_to_their_mappings(int seed)
    {
        var random = new Random(seed);
        var log = new StringBuilder();
        for (int i = 0; i < 1500; i++)
        {
            ulong at = 0x1000_0000 + ((ulong)random.Next(64) << 12);
            ulong length = (ulong)random.Next(1, 12) << 12;
            ulong to = 0x1000_0000 + ((ulong)random.Next(64) << 12);
            log.Append(random.Next(6) switch
            {
                0 or 1 => $"mmap({at}, {length}, PROT_READ|{(random.Next(2) == 0 ? "PROT_WRITE" : "PROT_EXEC")}, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)",
                2 => $"munmap({at}, {length})",
                3 => $"mprotect({at}, {length}, {(random.Next(2) == 0 ? "PROT_NONE" : "PROT_READ|PROT_WRITE")})",
                4 => $"mremap({at}, {length}, {(ulong)random.Next(1, 12) << 12}, MREMAP_MAYMOVE|MREMAP_FIXED, {to})",
                _ => $"madvise({at}, {length}, {(random.Next(2) == 0 ? "MADV_DONTDUMP" : "MADV_NOHUGEPAGE")})",
            }).Append('\n');
        }

        Check(Encoding.UTF8.GetBytes(log.ToString()));
    }

    private static void Check(byte[] log)
    {
        var reader = new CallLogReader(new MemoryStream(log), new CallLogOptions { FileName = "log", Strict = true });
        using var world = new RecordedWorld();
        using var executor = new LogExecutor(new LogExecutorOptions { Populate = PopulateAssumption.None }, world, world);
        int compared = 0;
        while (reader.TryRead(out CallRecord record))
        {
            executor.Execute(record);
            world.Apply();
            compared += world.Compare($"line {record.Line}");
        }

        Assert.NotEqual(0, compared);
    }

    /// <summary>Applies the changes as the page does, and compares with the spaces themselves.</summary>
    private sealed class RecordedWorld : ISpaceFollower, ILogObserver, IDisposable
    {
        private readonly MappingChanges _changes = new();
        private readonly List<AddressSpace> _spaces = [];
        private readonly HashSet<AddressSpace> _live = [];
        private readonly Dictionary<int, List<(ulong Start, ulong Length, string Protection)>> _applied = [];

        public void Dispose() => _changes.Dispose();

        public void Made(AddressSpace space)
        {
            _changes.Made(space);
            _spaces.Add(space);
            _live.Add(space);
        }

        public void Forked(AddressSpace parent, AddressSpace child)
        {
            _changes.Forked(parent, child);
            _spaces.Add(child);
            _live.Add(child);
        }

        public void Ended(AddressSpace space)
        {
            _changes.Ended(space);
            _live.Remove(space);
        }

        public void Called(in CallRecord record, AddressSpace space, in SystemCall call, CallResult result) => _changes.Called(space, call, result);

        public void OnMove(in CallRecord record, MoveObservation move)
        {
            // Only what is mapped is looked at here.
        }

        internal void Apply()
        {
            var buffer = new ArrayBufferWriter<byte>();
            using var json = new Utf8JsonWriter(buffer);
            _changes.WriteTo(json);
            json.Flush();
            if (buffer.WrittenCount == 0)
                return;
            foreach (JsonElement change in JsonDocument.Parse(buffer.WrittenMemory).RootElement.EnumerateArray())
                Apply([.. change.EnumerateArray()]);
        }

        internal int Compare(string at)
        {
            int compared = 0;
            for (int i = 0; i < _spaces.Count; i++)
            {
                if (!_live.Contains(_spaces[i]))
                    continue;
                IEnumerable<(ulong, ulong, string)> actual = _spaces[i].GetMappings().Select(m => (m.Start.Value, m.Range.Length.Value, ProtectionOf(m)));
                Assert.True(actual.SequenceEqual(_applied[i]), $"space {i} differs after {at}");
                compared += _applied[i].Count;
            }

            return compared;
        }

        private static string ProtectionOf(in Mapping mapping) => string.Concat(
            mapping.Flags.HasFlag(VmFlags.Read) ? 'r' : '-', mapping.Flags.HasFlag(VmFlags.Write) ? 'w' : '-', mapping.Flags.HasFlag(VmFlags.Execute) ? 'x' : '-',
            mapping.Flags.HasFlag(VmFlags.MayShare) ? 's' : 'p');

        private void Apply(JsonElement[] change)
        {
            int space = change[0].GetInt32();
            if (change.Length <= 2)
            {
                _applied[space] = change.Length == 1 ? [] : [.. _applied[change[1].GetInt32()]];
                return;
            }

            (ulong from, ulong to) = (change[1].GetUInt64(), change[2].GetUInt64());
            List<(ulong Start, ulong Length, string Protection)> mappings = _applied[space];
            mappings.RemoveAll(m => m.Start < to && m.Start + m.Length > from);
            for (int i = 3; i < change.Length; i += 4)
                mappings.Add((change[i].GetUInt64(), change[i + 1].GetUInt64(), change[i + 3].GetString()!));
            mappings.Sort();
        }
    }
}
