using System.Runtime.CompilerServices;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Cli.Commands;
using PageShift.Linux.Execution;
using PageShift.Measurement;
using PageShift.Memory;
using PageShift.Verification.Following;
using Xunit;

namespace PageShift.Tests.House;

/// <summary>One name, one thing: no two types of the sources are called the same, whatever they are nested in.</summary>
public sealed class TypeNameTests
{
    private static readonly Type[] OneOfEachAssembly =
        [typeof(AddressSpace), typeof(CallLogReader), typeof(KernelExecutor), typeof(TraceFollower), typeof(SpeedTable), typeof(PageBuffer), typeof(RunCommand)];

    [Fact]
    public void No_two_types_have_the_same_name()
    {
        string[] twice =
        [
            .. OneOfEachAssembly.SelectMany(type => type.Assembly.GetTypes()).Where(IsWritten).GroupBy(type => type.Name).Where(types => types.Count() > 1)
                .Select(types => string.Join(" and ", types.Select(type => type.FullName))),
        ];

        Assert.Empty(twice);
    }

    // What compilers and generators add is theirs to name.
    private static bool IsWritten(Type type) => !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
        && !type.IsDefined(typeof(System.CodeDom.Compiler.GeneratedCodeAttribute), inherit: false)
        && type.Namespace?.StartsWith("PageShift", StringComparison.Ordinal) == true && !type.Name.Contains('<', StringComparison.Ordinal);
}
