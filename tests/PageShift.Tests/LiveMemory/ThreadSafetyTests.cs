using System.Text.RegularExpressions;
using PageShift.Memory;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>Who may call what, and who waits for whom.</summary>
public sealed partial class ThreadSafetyTests
{
    [Fact]
    public void Each_public_member_says_which_threads_may_call_it()
    {
        var silent = new List<string>();
        foreach (string file in Repository.Files().Where(f => f.StartsWith("src/PageShift.Memory/", StringComparison.Ordinal) && f.EndsWith(".cs", StringComparison.Ordinal)))
        {
            string[] lines = File.ReadAllLines(Repository.Path(file));
            if (!Array.Exists(lines, l => l.StartsWith("public ", StringComparison.Ordinal)))
                continue;
            bool isSaidForAll = Array.Exists(lines, l => l.StartsWith("/// <remarks>", StringComparison.Ordinal) && OfAll().IsMatch(l)) || lines.Any(l => l.StartsWith("public enum", StringComparison.Ordinal));
            for (int i = 0; i < lines.Length && !isSaidForAll; i++)
            {
                if (!Member().IsMatch(lines[i]))
                    continue;
                string said = string.Concat(lines[..i].Reverse().TakeWhile(l => l.StartsWith("    ///", StringComparison.Ordinal)));
                if (!said.Contains("thread", StringComparison.Ordinal) && !said.Contains("<inheritdoc", StringComparison.Ordinal))
                    silent.Add($"{file}:{i + 1}: {lines[i].Trim()}");
            }
        }

        Assert.Empty(silent);
    }

    [Fact]
    public async Task Threads_with_buffers_of_their_own_do_not_disturb_each_other()
    {
        const int Threads = 4;
        const int Pages = 200;
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(
            () =>
            {
                using var buffer = new PageBuffer(Pages * (long)MemoryCapabilities.PageSize, new PageBufferOptions { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical, MaximumPieces = 8 });
                long page = buffer.PageSize;
                var model = new List<byte>();
                for (int i = 0; i < Pages; i++)
                {
                    model.Add((byte)((thread * 50) + (i % 50)));
                    buffer.Write(i * page, [model[i]]);
                }

                var random = new Random(thread);
                for (int splice = 0; splice < 500; splice++)
                {
                    int from = random.Next(Pages - 10);
                    buffer.Remove(from * page, 10 * page);
                    model.RemoveRange(from, 10);
                    int to = random.Next(Pages - 10);
                    buffer.Insert(to * page, 10 * page);
                    model.InsertRange(to, new byte[10]);
                    if (splice % 25 == 0)
                        Assert.Equal(model, Enumerable.Range(0, Pages).Select(i => buffer.AsSpan(i * page, 1)[0]));
                }
            },
            TestContext.Current.CancellationToken)));
    }

    [GeneratedRegex("^    public (?!override|enum|const).*", RegexOptions.CultureInvariant)]
    private static partial Regex Member();

    [GeneratedRegex("(Thread-safe|Immutable, thread-safe)", RegexOptions.CultureInvariant)]
    private static partial Regex OfAll();
}
