using CsCheck;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Mappings;
using PageShift.PageTables;
using PageShift.Physical;
using PageShift.Tests.Access;
using PageShift.Translation;
using PageShift.Units;
using Xunit;

namespace PageShift.Tests.Fork;

/// <summary>Random accesses, forks and advice on a family of spaces, compared after every step with a model that knows one byte a page: what each member must read, and which
/// pages it may write. All invariants are checked as well.</summary>
public class FamilyModelTests
{
    private const int AnonymousPages = 24;
    private const int FilePages = 8;
    private const int SharedPages = 8;
    private const int FileStart = AnonymousPages;
    private const int SharedStart = FileStart + FilePages;
    private const int AllPages = SharedStart + SharedPages;
    private const int MostMembers = 4;

    public enum Act
    {
        Write,
        WriteAgain,
        Read,
        Fork,
        Dispose,
        Drop,
        PopulateRead,
        PopulateWrite,
        ForbidWrites,
        AllowWrites,
        Lock,
        Unlock,
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Every_member_of_a_family_reads_what_the_model_says(bool toy, bool largePages)
    {
        Gen<Step> step = Gen.Select(Gen.Enum<Act>(), Gen.Int[0, MostMembers - 1], Gen.Int[0, AllPages - 1], Gen.Int[1, 12], Gen.Byte)
            .Select(parts => new Step(parts.Item1, parts.Item2, parts.Item3, Math.Min(parts.Item4, AllPages - parts.Item3), parts.Item5));
        step.List[1, 60].Sample(
            steps =>
            {
                using Family family = new(toy ? PagingGeometry.Toy(4, 2) : PagingGeometry.X86, largePages);
                foreach (Step next in steps)
                    family.Do(next);
            },
            iter: 60,
            threads: 1);
    }

    public sealed record Step(Act Act, int Member, int Page, int Count, byte Value);

    private sealed class Member(AddressSpace space, byte[] bytes, bool[] isWritable) : IDisposable
    {
        public AddressSpace Space => space;

        public VirtualProcessor Processor { get; } = space.CreateProcessor();

        public byte[] Bytes => bytes;

        public bool[] IsWritable => isWritable;

        public void Dispose()
        {
            Processor.Dispose();
            space.Dispose();
        }
    }

    private sealed class Family : IDisposable
    {
        private readonly PhysicalMemory _memory = new(new PhysicalMemoryOptions { CapacityBytes = 64 << 20 });
        private readonly MemoryObject _file;
        private readonly List<Member> _members = [];
        private readonly ulong _start;

        internal Family(PagingGeometry geometry, bool largePages)
        {
            _file = new MemoryObject(_memory, MemoryObjectKind.File, AccessWorld.Pages(FilePages), static (page, bytes) => bytes.Fill(FileByte((int)page.Value)));
            _start = geometry.Span(PageTableLevel.Pmd).Value - (4 * PageSize.Bytes); // a few pages, then a boundary of large pages
            AddressSpace space = new(_memory, new AddressSpaceOptions { Geometry = geometry });
            Map(space, 0, AnonymousPages, MapFlags.Private | MapFlags.Anonymous, null);
            Map(space, FileStart, FilePages, MapFlags.Private, new OpenFile(_file));
            Map(space, SharedStart, SharedPages, MapFlags.Shared | MapFlags.Anonymous, null);
            if (largePages)
                AccessWorld.Must(space.Advise(At(0), AccessWorld.Pages(AnonymousPages), Advice.HugePage));
            byte[] bytes = new byte[AllPages];
            for (int page = 0; page < FilePages; page++)
                bytes[FileStart + page] = FileByte(page);
            bool[] isWritable = new bool[AllPages];
            Array.Fill(isWritable, true);
            _members.Add(new Member(space, bytes, isWritable));
        }

        internal void Do(Step step)
        {
            Member member = _members[step.Member % _members.Count];
            VirtualAddress start = At(step.Page);
            ByteLength length = AccessWorld.Pages(step.Count);
            switch (step.Act)
            {
                case Act.Write or Act.WriteAgain:
                    for (int page = step.Page; page < step.Page + step.Count; page++)
                        Write(member, page, step.Value);
                    break;
                case Act.Read:
                    for (int page = step.Page; page < step.Page + step.Count; page++)
                        Assert.Equal(member.Bytes[page], member.Processor.Read<byte>(At(page)));
                    break;
                case Act.Fork when _members.Count < MostMembers:
                    _members.Add(new Member(member.Space.Fork(), [.. member.Bytes], [.. member.IsWritable]));
                    break;
                case Act.Dispose when _members.Count > 1:
                    _members.Remove(member);
                    member.Dispose();
                    break;
                case Act.Drop:
                    if (!member.Space.Advise(start, length, Advice.DontNeedLocked).IsError)
                        Drop(member, step);
                    break;
                case Act.PopulateRead:
                    AccessWorld.Must(member.Space.Advise(start, length, Advice.PopulateRead));
                    break;
                case Act.PopulateWrite:
                    bool allowed = member.IsWritable.AsSpan(step.Page, step.Count).IndexOf(false) < 0;
                    Assert.Equal(allowed ? Errno.None : Errno.InvalidArgument, member.Space.Advise(start, length, Advice.PopulateWrite).Error);
                    break;
                case Act.ForbidWrites or Act.AllowWrites:
                    bool allows = step.Act == Act.AllowWrites;
                    AccessWorld.Must(member.Space.Protect(start, length, allows ? AccessWorld.ReadWrite : Protection.Read));
                    member.IsWritable.AsSpan(step.Page, step.Count).Fill(allows);
                    break;
                case Act.Lock:
                    AccessWorld.Must(member.Space.Lock(start, length));
                    break;
                case Act.Unlock:
                    AccessWorld.Must(member.Space.Unlock(start, length));
                    break;
            }

            AddressSpace.VerifyAll([.. _members.Select(each => each.Space)], [_file]);
        }

        public void Dispose()
        {
            foreach (Member member in _members)
            {
                for (int page = 0; page < AllPages; page++)
                    Assert.Equal(member.Bytes[page], member.Processor.Read<byte>(At(page)));
                member.Dispose();
            }

            _file.Dispose();
            Assert.Equal((0UL, 0UL), (_memory.DataFrames, _memory.TableFrames));
            _memory.Dispose();
        }

        private void Write(Member member, int page, byte value)
        {
            AccessFault fault = member.Processor.TryWrite(At(page), value);
            Assert.Equal(member.IsWritable[page] ? AccessFault.None : AccessFault.NotPermitted, fault);
            if (fault != AccessFault.None)
                return;
            member.Bytes[page] = value;
            if (page < SharedStart)
                return;
            foreach (Member other in _members)
                other.Bytes[page] = value;
        }

        private static void Drop(Member member, Step step)
        {
            for (int page = step.Page; page < Math.Min(step.Page + step.Count, SharedStart); page++)
                member.Bytes[page] = page < FileStart ? (byte)0 : FileByte(page - FileStart);
        }

        private void Map(AddressSpace space, int page, int count, MapFlags flags, OpenFile? file) =>
            AccessWorld.Must(space.Map(At(page), AccessWorld.Pages(count), AccessWorld.ReadWrite, flags | MapFlags.Fixed, file));

        private VirtualAddress At(int page) => new(_start + ((ulong)page * PageSize.Bytes));

        private static byte FileByte(int page) => (byte)(page + 101);
    }
}
