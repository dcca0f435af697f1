using PageShift.Calls;
using PageShift.Calls.Execution;
using PageShift.Units;

namespace PageShift.Verification.Conformance;

/// <summary>One case: calls from an empty address space, with what they return and leave behind. Lines of it:
/// <list type="bullet">
/// <item><c>#case name</c> begins it; comments that follow say which rule it shows;</item>
/// <item>a call with its result; mincore with its vector;</item>
/// <item><c>#needs protection keys</c>, or <c>#needs no protection keys</c>: the processor that it is about; without it any;</item>
/// <item><c>#needs no handling of memory failures</c>, <c>#needs an empty pool of large pages</c>, <c>#needs hints raised to 64 KiB</c>: how the kernel was built and set up;</item>
/// <item><c>#since RELEASE</c>: the release of Linux since which it holds, where its flags do not tell;</item>
/// <item><c>#matters SENTENCE</c>: which programs rely on it, where that is known;</item>
/// <item><c>#only here SENTENCE</c>: why a program on another system can't show it;</item>
/// <item><c>#maps</c>: all mappings of the process that made the last call;</item>
/// <item><c>#flags ADDRESS</c>: the flags of the mapping there;</item>
/// <item><c>#within ADDRESS LENGTH</c>: the mappings that lie there, whole;</item>
/// <item><c>#pages ADDRESS COUNT</c>: a letter for each page: P private, F of an object, Z the page of zeroes, G guard, '.' none;</item>
/// <item><c>#cost flushes N tables N</c>: what the last mremap cost by the kernel's counters: flushes of the TLB, and page tables that were made;</item>
/// <item><c>#fill ADDRESS</c>: a step of its own: mappings of one page, upwards from there, until mmap finds that there are too many;</item>
/// <item><c>#vdso ADDRESS</c>: a step of its own: the process's vdso, of two pages, lies there from here on;</item>
/// <item><c>#userfaultfd ADDRESS LENGTH</c>: a step of its own: the range, which is mapped, is registered with the process's userfaultfd for missing pages. Nobody serves it: who
/// touches a page that is missing gets SIGBUS (UFFD_FEATURE_SIGBUS).</item>
/// </list></summary>
internal sealed record ConformanceCase(string File, string Name, string Title, IReadOnlyList<string> Lines)
{
    /// <summary>How long the vdso is that the cases are about: two pages of the kernel's.</summary>
    internal static ByteLength VdsoLength => new(2 * PageSize.Bytes);

    /// <summary>The case as the file has it.</summary>
    internal string Text => string.Join('\n', Lines);

    /// <summary>Whether the processor it is about has protection keys; null when that does not matter.</summary>
    internal bool? NeedsProtectionKeys =>
        Lines.Contains("#needs protection keys") ? true : Lines.Contains("#needs no protection keys") ? false : null;

    /// <summary>True when it is about a kernel that was built and set up so.</summary>
    internal bool Has(string need) => Lines.Contains("#needs " + need);

    /// <summary>A kernel without CONFIG_MEMORY_FAILURE.</summary>
    internal const string NoMemoryFailures = "no handling of memory failures";

    /// <summary>A kernel that knows large pages of a pool, and has none in it.</summary>
    internal const string EmptyPool = "an empty pool of large pages";

    /// <summary>A kernel whose CONFIG_LSM_MMAP_MIN_ADDR is 65536, above vm.mmap_min_addr.</summary>
    internal const string RaisedHints = "hints raised to 64 KiB";

    /// <summary>True when it makes calls on objects that processes share.</summary>
    internal bool UsesShared => Calls().Values.Any(call => call.Call.Description is { IsOnShared: true });

    /// <summary>True when it makes a file by memfd_secret.</summary>
    internal bool UsesSecretMemory => Calls().Values.Any(call => CallPaths.IsSecretMemory(call.FilePath));

    /// <summary>What a line that begins with <paramref name="directive"/> says behind it; null for no such line.</summary>
    internal string? Directive(string directive) =>
        Lines.FirstOrDefault(line => line.StartsWith(directive + " ", StringComparison.Ordinal))?[(directive.Length + 1)..];

    /// <summary>The calls, by the index of their line.</summary>
    internal IReadOnlyDictionary<int, CallRecord> Calls()
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(Text));
        var reader = new CallLogReader(stream, new CallLogOptions { FileName = $"{File}:{Name}", Strict = true });
        var calls = new Dictionary<int, CallRecord>();
        while (reader.TryRead(out CallRecord record))
        {
            if (record.Kind == CallRecordKind.Call)
                calls.Add((int)record.Line - 1, record);
        }

        return calls;
    }
}
