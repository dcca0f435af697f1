using PageShift.Verification.Following;
using Xunit;

namespace PageShift.Tests.Following;

/// <summary>Which place of a stack is said to have made a move.</summary>
public sealed class CallStackTests
{
    [Theory]
    [InlineData("libc.so.6 libc.so.6 program libc.so.6", 2)]
    [InlineData("libc.so.6 System.Private.CoreLib.dll app app", 2)]
    [InlineData("libc.so.6 System.Private.CoreLib System.Private.CoreLib.dll app libcoreclr.so", 3)]
    [InlineData("libc.so.6 - libcoreclr.so", 1)]
    [InlineData("libc.so.6 System.Private.CoreLib.dll", 1)]
    [InlineData("program program", 0)]
    public void The_site_is_the_innermost_place_outside_of_the_C_library_and_of_NETs_core(string files, int site)
    {
        var stack = new CallStack([.. files.Split(' ').Select((file, i) => new StackFrame($"f{i}", $"{file}+{i}", file == "-" ? null : file, new Lazy<SourceLine?>((SourceLine?)null)))]);

        Assert.Equal($"f{site}", stack.Site.Function);
    }
}
