using System.Reflection;
using System.Runtime.CompilerServices;
using PageShift.AddressSpaces;
using PageShift.Calls;
using PageShift.Linux.Execution;
using PageShift.Memory;
using Xunit;

namespace PageShift.Tests.House;

/// <summary>The public surface is what users need: a member more is a decision, and raises a number here.</summary>
public sealed class PublicSurfaceTests
{
    [Theory]
    [InlineData(typeof(AddressSpace), 322)]
    [InlineData(typeof(KernelExecutor), 80)]
    [InlineData(typeof(CallLogReader), 115)]
    [InlineData(typeof(PageBuffer), 136)]
    public void A_package_has_no_more_than_these_types_and_members(Type one, int most)
    {
        int entries = one.Assembly.GetExportedTypes().Sum(CountEntries);

        Assert.InRange(entries, most * 9 / 10, most);
    }

    // What a user has to learn: a property counts once, and the values of an enum and what the compiler writes for a record
    // count not at all.
    private static int CountEntries(Type type)
    {
        if (type.IsEnum || typeof(Delegate).IsAssignableFrom(type))
            return 1;
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        return 1 + type.GetMembers(Declared).Count(member => !member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) && IsLearned(member));
    }

    private static bool IsLearned(MemberInfo member) => member switch
    {
        MethodInfo { IsSpecialName: true } method => method.Name.StartsWith("op_", StringComparison.Ordinal) && method.Name is not ("op_Equality" or "op_Inequality"),
        MethodInfo method => method.Name is not ("Equals" or "GetHashCode" or "ToString" or "Deconstruct" or "<Clone>$"),
        _ => true,
    };
}
