using PageShift.Linux.Processes;
using Xunit;

namespace PageShift.Tests.Linux;

/// <summary>Names in <c>/tmp/perf-PID.map</c>. Those of .NET are as its runtime writes them.</summary>
public sealed class CompiledFunctionTests
{
    [Theory]
    [InlineData("instance void [netgrow] Table::Grow()[QuickJitted]", "Table.Grow", "netgrow")]
    [InlineData("void [netgrow] Program::<Main>$(string[])[OptimizedTier1OSR]", "Program.<Main>$", "netgrow")]
    [InlineData("void* [System.Private.CoreLib] System.Runtime.InteropServices.NativeMemory::Realloc(void*,native uint)[InstrumentedTierOptimized]", "NativeMemory.Realloc", "System.Private.CoreLib")]
    [InlineData("instance !0[] [System.Private.CoreLib] System.Collections.Generic.List`1[System.__Canon]::ToArray()[OptimizedTier1]", "List`1[System.__Canon].ToArray", "System.Private.CoreLib")]
    [InlineData("instance void [app] Some.Type::.ctor(int32)[PreJIT]", "Type..ctor", "app")]
    [InlineData("void [app] Some.Type::Plain(int32)", "Type.Plain", "app")]
    [InlineData("JS:*grow file:///app.js:3:14", "JS:*grow file:///app.js:3:14", null)]
    [InlineData("void first(int)", "void first(int)", null)]
    [InlineData("stub<1> AllocateTemporaryEntryPoints<PRECODE_FIXUP>", "stub<1> AllocateTemporaryEntryPoints<PRECODE_FIXUP>", null)]
    [InlineData("[app] ::(", ".", "app")]
    [InlineData("] ::([", "] ::([", null)]
    [InlineData("", "", null)]
    public void A_name_of_NET_is_a_function_of_an_assembly_and_another_stays_as_it_is(string name, string function, string? assembly) =>
        Assert.Equal((function, assembly), CompiledFunction.Parse(name));
}
