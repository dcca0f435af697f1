using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.Translation;

namespace PageShift.Tests.Concurrency;

/// <summary>Forks the space while others write to it: the child has what was written before, nothing of what is written after, and what it writes itself nobody else sees.</summary>
internal sealed class ForkCheck(AddressSpace space, IReadOnlyList<Accessor> accessors)
{
    private const int Pause = 2000;
    private const ulong Foreign = 0x0bad_0bad_0bad_0bad; // no word that a parent's thread may see: its checksum is wrong

    /// <summary>Forks, and looks at the pages of one tenant, which lives somewhere.</summary>
    internal void Run(Tenant tenant)
    {
        Place home = tenant.Home!;
        int[] pages = [.. Enumerable.Range(0, tenant.Pages)];
        long[][] before = Ages(tenant, pages);
        using AddressSpace child = space.Fork();
        long[][] after = Ages(tenant, pages);
        using VirtualProcessor processor = child.CreateProcessor();
        if (tenant.Protection == Protection.None || tenant.IsShared)
            return;
        ulong[][] first = [.. pages.Select(page => Words(processor, home, page))];
        for (int i = 0; i < pages.Length; i++)
        {
            for (int writer = 0; writer < accessors.Count; writer++)
                CheckAge(tenant, pages[i], writer, first[i][writer], before[i][writer], after[i][writer]);
        }

        for (int i = 0; i < pages.Length; i += 2)
            WriteForeign(processor, tenant, home, pages[i], first[i]);
        Thread.SpinWait(Pause);
        for (int i = 0; i < pages.Length; i++)
        {
            if (!Words(processor, home, pages[i]).SequenceEqual(first[i]))
                throw new InvalidOperationException($"Page {pages[i]} of a child changed under it.");
        }
    }

    private long[][] Ages(Tenant tenant, int[] pages) => [.. pages.Select(page => accessors.Select(accessor => Age(tenant, page, accessor.LastWritten(tenant, page))).ToArray())];

    /// <summary>The age of a word that must still be there; 0 when there must be none.</summary>
    private static long Age(Tenant tenant, int page, ulong word) =>
        TenantWord.Unpack(word) is { } written && written.Generation == (tenant.Generation(page) & 0xffff) ? written.Age : 0;

    private static void CheckAge(Tenant tenant, int page, int writer, ulong word, long before, long after)
    {
        TenantWord? found = TenantWord.Unpack(word);
        long age = found?.Age ?? 0;
        bool isRight = age >= before && age <= after && (found is null || (found.Value.Tenant == tenant.Number && found.Value.Page == page && found.Value.Writer == writer));
        if (!isRight)
            throw new InvalidOperationException($"A child's page {page} of tenant {tenant.Number} holds {found}, of age {age}; written was {before} before the fork, and {after} after.");
    }

    private ulong[] Words(VirtualProcessor processor, Place home, int page) =>
        [.. Enumerable.Range(0, accessors.Count).Select(writer => processor.Read<ulong>(home.At(page, Accessor.LaneOf(writer))))];

    private static void WriteForeign(VirtualProcessor processor, Tenant tenant, Place home, int page, ulong[] words)
    {
        AccessFault expected = tenant.Protection.HasFlag(Protection.Write) ? AccessFault.None : AccessFault.NotPermitted;
        for (int writer = 0; writer < words.Length; writer++)
        {
            AccessFault fault = processor.TryWrite(home.At(page, Accessor.LaneOf(writer)), Foreign);
            if (fault != expected)
                throw new InvalidOperationException($"A child's write to page {page}, {tenant.Protection}, gave {fault}.");
            if (fault == AccessFault.None)
                words[writer] = Foreign;
        }
    }
}
