using PageShift.Memory;
using PageShift.Memory.Kernel;

namespace PageShift.Tests.LiveMemory;

/// <summary>A buffer beside the array of bytes that it must equal.</summary>
internal sealed class ModelledBuffer : IDisposable
{
    private const long MostPages = 40;

    private readonly IMemoryKernel _kernel;
    private readonly PageBufferOptions _options;
    private readonly long _page;
    private byte _next;

    internal ModelledBuffer(IMemoryKernel kernel, PageBufferOptions options)
    {
        _kernel = kernel;
        _options = options with { Capacity = MostPages * (long)kernel.PageSize };
        _page = (long)kernel.PageSize;
        Buffer = new PageBuffer(0, _options, kernel);
    }

    internal PageBuffer Buffer { get; }

    internal List<byte> Model { get; private set; } = [];

    private long Pages => Model.Count / _page;

    public void Dispose() => Buffer.Dispose();

    /// <summary>Makes a step on both. If the buffer throws for want of memory, the model stays as it is.</summary>
    internal void Make(BufferStep step)
    {
        List<byte> before = [.. Model];
        try
        {
            MakeOnBoth(step);
        }
        catch (InsufficientMemoryException)
        {
            Model = before;
        }
    }

    internal void Check()
    {
        if (Buffer.Length != Model.Count)
            throw new InvalidOperationException($"The length is {Buffer.Length}, expected {Model.Count}.");
        var found = new byte[Model.Count];
        Buffer.Read(0, found);
        int same = found.AsSpan().CommonPrefixLength(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Model));
        if (same != found.Length)
            throw new InvalidOperationException($"The byte at {same} (page {same / _page}) is {found[same]}, expected {Model[same]}.");
    }

    private void MakeOnBoth(BufferStep step)
    {
        switch (step.Operation)
        {
            case BufferOperation.Resize:
                Resize((step.First % MostPages) * _page);
                break;
            case BufferOperation.Write:
                Fill(step.First % (Model.Count + 1), step.Second % 5000);
                break;
            case BufferOperation.WritePages:
                Fill(step.First % (Pages + 1) * _page, step.Second % (Pages + 1) * _page);
                break;
            case BufferOperation.Insert:
                Insert(step.First % (Pages + 1), step.Second % (MostPages - Pages + 1));
                break;
            case BufferOperation.Remove:
                Remove(step.First % (Pages + 1), step.Second);
                break;
            case BufferOperation.Move:
                Move(step.First % (Pages + 1), step.Second % (Pages + 1), step.Third);
                break;
            case BufferOperation.Exchange:
                Exchange(step.First % (Pages + 1), step.Second % (Pages + 1), step.Third);
                break;
            case BufferOperation.Clear:
                Clear(step.First % (Model.Count + 1), step.Second);
                break;
            case BufferOperation.DropFront:
                DropFront(step.First % (Pages + 1));
                break;
            case BufferOperation.Slide:
                Slide(step.First % (Pages + 1));
                break;
            case BufferOperation.Append:
                InsertOther(Pages, step.First % (MostPages - Pages + 1));
                break;
            case BufferOperation.InsertOther:
                InsertOther(step.Second % (Pages + 1), step.First % (MostPages - Pages + 1));
                break;
            case BufferOperation.Split:
                Split(step.First % (Pages + 1));
                break;
            case BufferOperation.Compact:
                Compact(step.First | ((ulong)step.Second << 32), keepsOrder: step.Third % 2 == 0);
                break;
            default:
                Buffer.Reserve(step.First % 2 == 0 ? Model.Count : Buffer.Capacity + 1);
                break;
        }
    }

    private void Resize(long length)
    {
        EnsureCapacity(length);
        Buffer.Resize(length);
        if (length < Model.Count)
            Model.RemoveRange((int)length, Model.Count - (int)length);
        else
            Model.AddRange(new byte[length - Model.Count]);
    }

    private void Fill(long offset, long length)
    {
        length = Math.Min(length, Model.Count - offset);
        var bytes = new byte[length];
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(_next + (i % 251));
        _next++;
        Buffer.Write(offset, bytes);
        for (int i = 0; i < bytes.Length; i++)
            Model[(int)offset + i] = bytes[i];
    }

    private void Insert(long page, long pages)
    {
        EnsureCapacity(Model.Count + (pages * _page));
        Buffer.Insert(page * _page, pages * _page);
        Model.InsertRange((int)(page * _page), new byte[pages * _page]);
    }

    private void Remove(long page, uint random)
    {
        long pages = random % (Pages - page + 1);
        Buffer.Remove(page * _page, pages * _page);
        Model.RemoveRange((int)(page * _page), (int)(pages * _page));
    }

    private void Move(long from, long to, uint random)
    {
        long pages = random % (Pages - Math.Max(from, to) + 1);
        Buffer.Move(from * _page, to * _page, pages * _page);
        List<byte> moved = Model.GetRange((int)(from * _page), (int)(pages * _page));
        for (int i = 0; i < moved.Count; i++)
            Model[(int)(from * _page) + i] = 0;
        for (int i = 0; i < moved.Count; i++)
            Model[(int)(to * _page) + i] = moved[i];
    }

    private void Exchange(long first, long second, uint random)
    {
        long most = Math.Min(Math.Abs(first - second), Pages - Math.Max(first, second));
        long pages = random % (most + 1);
        Buffer.Exchange(first * _page, second * _page, pages * _page);
        for (int i = 0; i < pages * _page; i++)
            (Model[(int)(first * _page) + i], Model[(int)(second * _page) + i]) = (Model[(int)(second * _page) + i], Model[(int)(first * _page) + i]);
    }

    private void Clear(long offset, uint random)
    {
        long length = random % (Model.Count - offset + 1);
        Buffer.Clear(offset, length);
        for (int i = 0; i < length; i++)
            Model[(int)offset + i] = 0;
    }

    private void DropFront(long pages)
    {
        Buffer.DropFront(pages * _page);
        Model.RemoveRange(0, (int)(pages * _page));
    }

    private void Slide(long pages)
    {
        Buffer.Slide(pages * _page);
        List<byte> front = Model.GetRange(0, (int)(pages * _page));
        Model.RemoveRange(0, front.Count);
        Model.AddRange(front);
    }

    private void InsertOther(long page, long pages)
    {
        EnsureCapacity(Model.Count + (pages * _page));
        using var other = new PageBuffer(pages * _page, _options, _kernel);
        var bytes = new byte[pages * _page];
        for (int i = 0; i < bytes.Length; i += 100)
            bytes[i] = ++_next;
        other.Write(0, bytes);
        Buffer.Insert(page * _page, other);
        Model.InsertRange((int)(page * _page), bytes);
        if (other.Length != 0)
            throw new InvalidOperationException("The other buffer kept its length.");
        CheckEmptied(other);
    }

    private void CheckEmptied(PageBuffer other)
    {
        try
        {
            other.Resize(_page);
        }
        catch (InsufficientMemoryException)
        {
            return;
        }

        var emptied = new byte[_page];
        other.Read(0, emptied);
        if (emptied.AsSpan().ContainsAnyExcept((byte)0))
            throw new InvalidOperationException("The other buffer kept its bytes.");
    }

    /// <summary>Parts the buffer, looks at the rest, and joins the two again.</summary>
    private void Split(long page)
    {
        using PageBuffer rest = Buffer.Split(page * _page);
        var bytes = new byte[rest.Length];
        rest.Read(0, bytes);
        if (!bytes.AsSpan().SequenceEqual(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Model)[(int)(page * _page)..]))
            throw new InvalidOperationException("The rest is not what was parted.");
        try
        {
            Buffer.Append(rest);
        }
        catch (InsufficientMemoryException)
        {
            Buffer.Resize(page * _page); // the same again
            Model.RemoveRange((int)(page * _page), Model.Count - (int)(page * _page));
        }
    }

    /// <summary>Pushes the pages together whose bit is set.</summary>
    private void Compact(ulong mask, bool keepsOrder)
    {
        var live = new List<PageRange>();
        for (int i = 0; i < Pages; i++)
        {
            if ((mask >> i & 1) == 0)
                continue;
            if (live.Count != 0 && live[^1].End == i * _page && i % 5 != 0) // sometimes neighbours are two ranges
                live[^1] = live[^1] with { Length = live[^1].Length + _page };
            else
                live.Add(new PageRange(i * _page, _page));
        }

        PageRelocation[] went = Buffer.Compact([.. live], keepsOrder);
        var compacted = new byte[Model.Count];
        foreach (PageRelocation relocation in went)
            Model.CopyTo((int)relocation.From, compacted, (int)relocation.To, (int)relocation.Length);
        Model = [.. compacted];
        if (went.Sum(r => r.Length) != live.Sum(r => r.Length) || went.Any(r => r.To + r.Length > live.Sum(l => l.Length)))
            throw new InvalidOperationException("Not all live pages are together at the front.");
    }

    private void EnsureCapacity(long length)
    {
        if (Buffer.Capacity < length)
            Buffer.Reserve(length);
    }
}
