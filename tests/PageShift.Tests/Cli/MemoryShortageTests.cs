using System.Globalization;
using System.Text;
using PageShift.Linux;
using PageShift.Tests.Tracing;
using Xunit;

namespace PageShift.Tests.Cli;

/// <summary>With too little memory every verb ends with one line and exit code 3: it is not possible here. Where not even the runtime comes up, that says so, and no line of ours can.</summary>
public sealed class MemoryShortageTests(MemoryShortageTests.Limits limits) : IClassFixture<MemoryShortageTests.Limits>
{
    private const int NotPossibleHere = 3;
    private const string Line = "pageshift: not enough memory here: the system gives this process no more";

    private const string TooLittle = "pageshift: there is too little memory for the page tables of 1 TiB, which take 2 GiB";

    // The C library ends a process with this, and with 127, when there is no room for a thread's own data.
    private const string NoThread = "cannot allocate memory for thread-local data";

    // The runtime itself takes a fault when its heap is exhausted at a limit of 32 MiB and less.
    private const string HeapLimit = "DOTNET_GCHeapHardLimit=0x4000000";
    private const int Mappings = 20_000;
    private const int Forks = 60;

    /// <summary>Tables of 128 MiB.</summary>
    private const string LargeLog = """
        mmap(0x100000000000, 60*GB, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED|MAP_NORESERVE, -1, 0)
        mremap(0x100000000000, 60*GB, 60*GB, MREMAP_MAYMOVE|MREMAP_FIXED, 0x200000000000)

        """;

    [Theory]
    [InlineData("run", "LOG")]
    [InlineData("run", "LOG", "--format", "json")]
    [InlineData("explain", "LOG:2")]
    [InlineData("check", "--depth", "4")]
    [InlineData("fuzz", "--calls", "50", "-o", "DIRECTORY")]
    [InlineData("trace", "--", "true")]
    [InlineData("bench", "--only", "1 TiB", "--seconds", "0.01")]
    public void Address_space_that_is_short_gives_one_line_and_exit_code_3(params string[] arguments)
    {
        SkipWhereNotPossible(arguments[0]);
        using var log = new TemporaryFile(LargeLog);
        string directory = Directory.CreateTempSubdirectory("pageshift-").FullName;
        arguments = [.. arguments.Select(argument => argument.Replace("LOG", log.Name, StringComparison.Ordinal).Replace("DIRECTORY", directory, StringComparison.Ordinal))];
        int refusals = 0;
        for (int step = 0; step < 6; step++)
        {
            ToolResult result = limits.Run(limits.Least + (step * 64), arguments);
            if (result.ExitCode == 0 || IsOfRuntime(result))
                continue;
            Assert.True(result.ExitCode == NotPossibleHere, $"{result.ExitCode} {result.Error}");
            string line = Assert.Single(LinesWithoutAnnouncement(result));
            Assert.True(line == Line || (arguments[0] == "bench" && (line == TooLittle || line.StartsWith("pageshift: the process that measured", StringComparison.Ordinal))), line);
            refusals++;
        }

        Directory.Delete(directory, recursive: true);
        Assert.NotEqual(0, refusals);
    }

    [Fact]
    public void A_small_log_needs_little_more_than_the_runtime()
    {
        ToolResult result = limits.Run(limits.Least + 1024, "run", "samples/linus-2023.strace");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
    }

    [Theory]
    [InlineData("run", "LOG")]
    [InlineData("run", "LOG", "--html", "/dev/null")]
    [InlineData("explain", "LOG:20122")]
    public void A_heap_that_is_full_gives_one_line_and_exit_code_3(params string[] arguments)
    {
        using var log = new TemporaryFile(ManyMappings());

        ToolResult result = Tool.RunUnder([HeapLimit], [.. arguments.Select(argument => argument.Replace("LOG", log.Name, StringComparison.Ordinal))]);

        Assert.Equal((NotPossibleHere, "", Line), (result.ExitCode, result.Output, result.ErrorLine));
    }

    [Fact]
    public void A_heap_that_is_full_while_a_program_is_traced_ends_it_and_gives_one_line_and_exit_code_3()
    {
        TracedRun.SkipUnlessPermitted();
        using var program = new CProgram($$"""
            int main(void)
            {
                for (int i = 0; i < {{Mappings}}; i++)
                    mmap((void *)(0x10000000ul + i * 8192ul), 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
                for (int i = 0; i < {{Forks}}; i++)
                    if (fork() == 0)
                        for (;;) pause();
                for (;;) pause();
            }
            """);

        ToolResult result = Tool.RunUnder([HeapLimit], "trace", "--", program.Path);

        Assert.Equal((NotPossibleHere, "", Line), (result.ExitCode, result.Output, result.ErrorLine));
    }

    /// <summary>A process with many mappings, and many copies of it.</summary>
    private static string ManyMappings()
    {
        var text = new StringBuilder();
        for (int i = 0; i < Mappings; i++)
            text.Append(CultureInfo.InvariantCulture, $"10 mmap({0x1000_0000 + (i * 8192L):#0}, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x{0x1000_0000 + (i * 8192L):x}\n");
        text.Append("10 mremap(0x10000000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x8000000) = 0x8000000\n");
        for (int i = 0; i < Forks; i++)
            text.Append(CultureInfo.InvariantCulture, $"10 fork() = {11 + i}\n{11 + i} munmap(0x10002000, 4096) = 0\n");
        text.Append("10 mremap(0x8000000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x8100000) = 0x8100000\n"); // on line 20122
        return text.ToString();
    }

    /// <summary>bench announces each row before it measures it.</summary>
    private static IEnumerable<string> LinesWithoutAnnouncement(ToolResult result) =>
        result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith("pageshift: 1 of 1: ", StringComparison.Ordinal));

    private static void SkipWhereNotPossible(string verb)
    {
        if (verb == "trace")
            TracedRun.SkipUnlessPermitted();
        if (verb == "fuzz" && PlatformSupport.MissingReason is { } reason)
            Assert.Skip(reason);
    }

    /// <summary>The runtime could not begin, or could not go on for want of memory of its own, to load the tool's parts for instance. It says so in words of its own.</summary>
    private static bool IsOfRuntime(ToolResult result) => (result.ExitCode == 127 && result.Error.Contains(NoThread, StringComparison.Ordinal)) || result.ExitCode is 134 or 137 or 139
        && (!result.Error.Contains("Unhandled exception", StringComparison.Ordinal) || result.Error.Contains("Could not load file or assembly", StringComparison.Ordinal));

    /// <summary>Runs the tool with so much address space.</summary>
    public sealed class Limits
    {
        private const int Step = 128;
        private const int Most = 64 << 10;

        public Limits()
        {
            Least = 512;
            while (Least < Most && Run(Least, "--version").ExitCode != 0)
                Least += Step;
        }

        /// <summary>What the runtime takes for itself on this machine, in MiB: with it the tool tells its version.</summary>
        internal int Least { get; }

        internal ToolResult Run(int mebibytes, params string[] arguments) =>
            Tool.RunUnder(["sh", "-c", string.Create(CultureInfo.InvariantCulture, $"ulimit -v {mebibytes << 10} && exec \"$@\""), "sh"], arguments);
    }
}
