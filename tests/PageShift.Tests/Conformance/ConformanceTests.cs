using System.Text;
using PageShift.Abi;
using PageShift.Linux.Execution;
using PageShift.Linux.Settings;
using PageShift.Moving;
using PageShift.Tests.Linux;
using PageShift.Units;
using PageShift.Verification.Conformance;
using Xunit;

namespace PageShift.Tests.Conformance;

/// <summary>Linux's rules as cases, run on the engine and on the kernel. With PAGESHIFT_REGENERATE=1 the running kernel writes the cases' results.</summary>
public sealed class ConformanceTests
{
    private const string Regenerate = "PAGESHIFT_REGENERATE";
    private static readonly VirtualAddress Somewhere = new(0x10000000);

    public static TheoryData<string> Files => [.. ConformanceSuite.Files];

    [Theory]
    [MemberData(nameof(Files))]
    public void The_engine_does_what_the_cases_say_under_every_policy(string file)
    {
        foreach (MovePolicy policy in MovePolicyName.All)
        {
            foreach (ConformanceCase conformanceCase in ConformanceSuite.Read(file))
            {
                using EngineWorld world = new(policy, conformanceCase);
                Assert.Equal(conformanceCase.Text, ConformanceRendering.Render(conformanceCase, world));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void The_kernel_does_what_the_cases_say(string file)
    {
        var written = new StringBuilder();
        foreach (ConformanceCase conformanceCase in ConformanceSuite.Read(file))
        {
            bool isOfThisProcessor = (conformanceCase.NeedsProtectionKeys ?? ProcessorFeatures.HasProtectionKeys) == ProcessorFeatures.HasProtectionKeys;
            string text = isOfThisProcessor && IsOfThisKernel(conformanceCase) ? RenderOnKernel(conformanceCase) : conformanceCase.Text;
            written.Append('\n').Append(text).Append('\n');
            if (Environment.GetEnvironmentVariable(Regenerate) != "1")
                Assert.Equal(conformanceCase.Text, text);
        }

        if (Environment.GetEnvironmentVariable(Regenerate) == "1")
            File.WriteAllText(Repository.Path($"{ConformanceSuite.Folder}/{file}"), $"# {ConformanceSuite.SubjectOf(file)}\n{written}");
    }

    private static bool IsOfThisKernel(ConformanceCase one) =>
        !(one.Has(ConformanceCase.NoMemoryFailures) && File.ReadAllText("/proc/meminfo").Contains("HardwareCorrupted:", StringComparison.Ordinal))
        && !(one.Has(ConformanceCase.EmptyPool) && PoolSizes.Any(file => !File.Exists(file) || File.ReadAllText(file).Trim() != "0"))
        && !(one.Lines.Any(CaseDirective.IsFill) && File.ReadAllText("/proc/sys/vm/max_map_count").Trim() != "65530")
        && !(one.UsesSecretMemory && !HasSecretMemory())
        && !(one.Lines.Any(CaseDirective.IsVdso) && !CanPlaceVdso())
        && !(one.Lines.Any(CaseDirective.IsUserFault) && !HasUserFault())
        && !(one.Has(ConformanceCase.RaisedHints) && LowestHint() != 65536);

    private static readonly string[] PoolSizes = ["/proc/sys/vm/nr_hugepages", "/proc/sys/vm/nr_overcommit_hugepages"];

    private static bool HasSecretMemory()
    {
        using KernelExecutor executor = StartedExecutor.OrSkip();
        return !executor.CreateSecretFile().IsError;
    }

    private static bool CanPlaceVdso()
    {
        using KernelExecutor executor = StartedExecutor.OrSkip();
        return executor.PlaceVdso(Somewhere, ConformanceCase.VdsoLength) is null;
    }

    private static bool HasUserFault()
    {
        using KernelExecutor executor = StartedExecutor.OrSkip();
        const ulong anonymous = (ulong)(MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        _ = executor.Invoke(SystemCallNumber.Map, new CallArguments(Somewhere.Value, PageSize.Bytes, (ulong)Protection.Read, anonymous, ulong.MaxValue));
        return !executor.WatchMissing(new AddressRange(Somewhere, PageSize.Length)).IsError;
    }

    private static ulong LowestHint()
    {
        using KernelExecutor executor = StartedExecutor.OrSkip();
        return executor.Surroundings.LowestHint.Value;
    }

    // Whether the kernel has a large page to give, or can take one page off its lists to collapse it, depends on all that runs on the machine at that moment.
    private static string RenderOnKernel(ConformanceCase conformanceCase)
    {
        const int mostTries = 6;
        bool dependsOnTheMoment = conformanceCase.Text.Contains("MADV_HUGEPAGE", StringComparison.Ordinal) || conformanceCase.Text.Contains("MADV_COLLAPSE", StringComparison.Ordinal);
        for (int tries = 1; ; tries++)
        {
            using KernelWorld world = KernelWorld.OrSkip(ConformanceRendering.FirstProcess(conformanceCase), conformanceCase.Lines.Any(CaseDirective.IsCost));
            if (conformanceCase.UsesShared && !world.KeepsSharedApart)
                return conformanceCase.Text; // an ordinary user's processes would find what others have made
            string text = ConformanceRendering.Render(conformanceCase, world);
            if (text == conformanceCase.Text || !dependsOnTheMoment || tries == mostTries)
                return text;
        }
    }

    [Fact]
    public void Every_case_has_a_name_of_its_own_and_says_what_it_shows()
    {
        ConformanceCase[] cases = [.. ConformanceSuite.Cases];
        Assert.Equal(cases.Length, cases.Select(one => one.Name).Distinct().Count());
        Assert.All(cases, one => Assert.NotEqual("", one.Title));
    }
}
