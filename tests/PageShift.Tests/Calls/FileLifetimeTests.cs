using System.Text;
using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Moving;
using PageShift.Physical;
using Xunit;

namespace PageShift.Tests.Calls;

/// <summary>A file's object lives as long as a descriptor or a mapping holds it, however often a log opens and maps files.</summary>
public sealed class FileLifetimeTests
{
    private const string Open = "openat(AT_FDCWD, \"/lib/x.so\", O_RDONLY|O_CLOEXEC) = 3\n";
    private const string Map = "mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE, 3, 0) = 0x7f0000000000\n";
    private const string Close = "close(3) = 0\n";
    private const string Unmap = "munmap(0x7f0000000000, 16384) = 0\n";

    /// <summary>What comes back to where it began, in each way in which a file can be held.</summary>
    public static TheoryData<string, string> Rounds => new()
    {
        { "closed last", Open + Map + Unmap + Close },
        { "unmapped last", Open + Map + Close + Unmap },
        { "opened over", Open + Map + Unmap },
        { "shared and touched", Open + "mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_POPULATE, 3, 0) = 0x7f0000000000\n" + Close + Unmap },
        { "mapped over", Open + Map + Close + "mmap(0x7f0000000000, 16384, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000\n" + Unmap },
        { "duplicated", Open + "dup2(3, 9) = 9\n" + Map + Close + Unmap + "close(9) = 0\n" },
        { "closed with others", Open + "dup(3) = 4\n" + Map + Unmap + "close_range(3, 4294967295, 0) = 0\n" },
        { "split", Open + Map + Close + "munmap(0x7f0000001000, 4096) = 0\nmprotect(0x7f0000002000, 4096, PROT_READ) = 0\n" + Unmap },
        { "moved", Open + Map + Close + "mremap(0x7f0000000000, 16384, 16384, MREMAP_MAYMOVE|MREMAP_FIXED, 0x7f1000000000) = 0x7f1000000000\nmunmap(0x7f1000000000, 16384) = 0\n" },
        { "moved without unmapping", Open + Map + Close + "mremap(0x7f0000000000, 16384, 16384, MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP, 0x7f1000000000) = 0x7f1000000000\nmunmap(0x7f1000000000, 16384) = 0\n" + Unmap },
        { "held by a child", Open + Map + Close + "fork() = 7\n" + Unmap + "7 munmap(0x7f0000000000, 16384) = 0\n7 +++ exited with 0 +++\n" },
        { "held by a child's descriptor", Open + "fork() = 7\n" + Close + "7 " + Map + "7 +++ exited with 0 +++\n" },
        { "held when the child ends", Open + Map + Close + Unmap + "fork() = 7\n7 " + Open + "7 " + Map + "7 +++ killed by SIGKILL +++\n" },
        { "held at execve", "fork() = 7\n7 " + Open + "7 " + Map + "7 execve(\"/bin/true\", [\"true\"], 0x7ffc00000000 /* 10 vars */) = 0\n7 " + Map + "7 +++ exited with 0 +++\n" },
    };

    [Theory]
    [MemberData(nameof(Rounds))]
    public void Nothing_is_left_of_a_file_that_is_held_no_longer(string how, string round)
    {
        using LogExecutor executor = new(new LogExecutorOptions(), new NoObserver());
        ulong first = 0;
        for (int i = 0; i < 100; i++)
        {
            Execute(executor, round);
            PhysicalMemory memory = executor.SpaceOf(0).Memory;
            if (i == 2)
                first = memory.DataFrames + memory.TableFrames;
            else if (i > 2)
                Assert.True(first == memory.DataFrames + memory.TableFrames, $"{how}: {first} frames after 3 rounds, {memory.DataFrames} and {memory.TableFrames} after {i + 1}");
        }
    }

    [Fact]
    public void A_file_that_is_still_open_keeps_its_pages()
    {
        using LogExecutor executor = new(new LogExecutorOptions(), new NoObserver());
        Execute(executor, Open + "mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_POPULATE, 3, 0) = 0x7f0000000000\n" + Unmap);

        Assert.Equal(4UL, executor.SpaceOf(0).Memory.DataFrames);
        Execute(executor, Close);
        Assert.Equal(0UL, executor.SpaceOf(0).Memory.DataFrames);
    }

    private static void Execute(LogExecutor executor, string log)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(log));
        var reader = new CallLogReader(stream, new CallLogOptions { Strict = true });
        while (reader.TryRead(out CallRecord record))
            executor.Execute(record);
    }

    private sealed class NoObserver : ILogObserver
    {
        public void OnMove(in CallRecord record, MoveObservation move)
        {
        }
    }
}
