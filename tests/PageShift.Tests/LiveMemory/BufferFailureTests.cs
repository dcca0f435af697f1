using PageShift.AddressSpaces;
using PageShift.Memory;
using PageShift.Memory.Moving;
using Xunit;

namespace PageShift.Tests.LiveMemory;

/// <summary>Each operation on a small world, with the kernel failing at each of its calls in turn: it happens, or it throws and all is as before.</summary>
public sealed class BufferFailureTests
{
    private static readonly PageBufferOptions Options = new() { Strategy = MoveStrategy.Move, Costs = MoveCosts.Typical, MaximumPieces = 4 };

    private static readonly BufferStep[] Operations =
    [
        new(BufferOperation.Resize, 20, 0, 0),
        new(BufferOperation.Resize, 3, 0, 0),
        new(BufferOperation.Insert, 3, 1, 0),
        new(BufferOperation.Insert, 3, 9, 0),
        new(BufferOperation.Insert, 0, 2, 0),
        new(BufferOperation.Remove, 3, 1, 0),
        new(BufferOperation.Remove, 2, 8, 0),
        new(BufferOperation.Move, 1, 3, 7),
        new(BufferOperation.Move, 5, 2, 7),
        new(BufferOperation.Move, 0, 8, 4),
        new(BufferOperation.Exchange, 1, 8, 4),
        new(BufferOperation.Clear, 5000, 20000, 0),
        new(BufferOperation.DropFront, 4, 0, 0),
        new(BufferOperation.Slide, 5, 0, 0),
        new(BufferOperation.Append, 4, 0, 0),
        new(BufferOperation.InsertOther, 4, 5, 0),
        new(BufferOperation.Split, 5, 0, 0),
        new(BufferOperation.Reserve, 7, 0, 0),
        new(BufferOperation.Compact, 0b1011_0110_1101, 0, 0),
        new(BufferOperation.Compact, 0b1001_0111_0001, 0, 1),
    ];

    public static TheoryData<int, FailureKind> Cases
    {
        get
        {
            var cases = new TheoryData<int, FailureKind>();
            for (int i = 0; i < Operations.Length; i++)
            {
                foreach (FailureKind kind in Enum.GetValues<FailureKind>())
                    cases.Add(i, kind);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Whatever_call_fails_nothing_is_lost(int operation, FailureKind kind) =>
        FailEachCall(operation, kind, space => new DecoratedKernel(new EngineKernel(space)) { Kind = kind });

    [Theory]
    [InlineData(FailureKind.RefuseOne)]
    [InlineData(FailureKind.RefuseAllFrom)]
    [InlineData(FailureKind.FailLate)]
    public void So_it_is_where_pieces_merge_by_moves_of_single_pages(FailureKind kind)
    {
        const ulong LargePage = 64 << 10; // smaller pieces are copied
        int moves = 0;
        foreach (BufferOperation operation in (BufferOperation[])[BufferOperation.Insert, BufferOperation.Remove, BufferOperation.Move])
        {
            int index = Array.FindIndex(Operations, o => o.Operation == operation);
            moves += FailEachCall(index, kind, space => new DecoratedKernel(new EngineKernel(space) { MovesSinglePages = true }) { Kind = kind, PageSize = LargePage });
        }

        Assert.True(moves > 0);
    }

    /// <summary>Makes an operation once for each of its calls, which fails; answers how many moves of single pages there were.</summary>
    private static int FailEachCall(int operation, FailureKind kind, Func<AddressSpace, DecoratedKernel> makeKernel)
    {
        const int MostCalls = 500;
        int moves = 0;
        int call = 0;
        for (bool hasFailed = true; hasFailed; call++)
        {
            Assert.True(call < MostCalls, $"{kind}: too many calls");
            using var space = new AddressSpace();
            DecoratedKernel kernel = makeKernel(space);
            using var both = new ModelledBuffer(kernel, Options);
            Prepare(both);
            kernel.Reset();
            kernel.FailsAt = call;
            both.Make(Operations[operation]);
            hasFailed = kernel.HasFailed;
            kernel.FailsAt = -1;
            both.Check();
            space.Verify();

            // And what was left works.
            both.Make(new BufferStep(BufferOperation.Insert, 2, 3, 0));
            both.Make(new BufferStep(BufferOperation.WritePages, 1, 4, 0));
            both.Make(new BufferStep(BufferOperation.Remove, 1, 2, 0));
            both.Check();
            space.Verify();
            moves += kernel.MovesOfPages;
        }

        Assert.True(call > 1, "No call was made to fail.");
        return moves;
    }

    [Fact]
    public void A_place_that_the_kernel_loses_is_said_to_be_lost()
    {
        using var space = new AddressSpace();
        var kernel = new DecoratedKernel(new EngineKernel(space)) { Kind = FailureKind.FailLate, RefusesAfterFailure = true };
        using var both = new ModelledBuffer(kernel, Options);
        Prepare(both);
        kernel.Reset();
        kernel.FailsAt = 1; // after the end was made accessible: the move out of place

        Assert.Throws<LostPlaceException>(() => both.Buffer.Move(4096, 5 * 4096, 4 * 4096));
        Assert.Throws<LostPlaceException>(() => both.Buffer.Length);
        both.Buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => both.Buffer.Length);
    }

    /// <summary>Twelve pages in as many pieces as are allowed, each page different.</summary>
    private static void Prepare(ModelledBuffer both)
    {
        both.Make(new BufferStep(BufferOperation.Resize, 10, 0, 0));
        both.Make(new BufferStep(BufferOperation.WritePages, 0, 10, 0));
        both.Make(new BufferStep(BufferOperation.Insert, 4, 2, 0));
        both.Make(new BufferStep(BufferOperation.WritePages, 4, 1, 0));
        both.Make(new BufferStep(BufferOperation.Move, 8, 2, 1));
        both.Check();
    }
}
