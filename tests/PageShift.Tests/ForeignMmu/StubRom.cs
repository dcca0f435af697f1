using System.Buffers.Binary;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace PageShift.Tests.ForeignMmu;

/// <summary>
/// The whole software of the guest: a firmware image of 64 KiB. From the reset vector it goes to long mode, and then makes each access of a list: one instruction in user mode with
/// the trap flag set, so that it ends in an exception whatever happens, a debug exception when the access succeeds. What the exception brings is noted beside the request.
/// </summary>
internal sealed class StubRom
{
    internal const int Vectors = 32;

    /// <summary>The bytes of the instruction that loads, and of the one that stores.</summary>
    internal const int AccessLength = 3;

    /// <summary>Where the image ends in the guest's physical memory, as every firmware of a PC does: the processor starts 16 bytes below.</summary>
    internal const ulong PhysicalEnd = 1UL << 32;

    private const int Length = 1 << 16;
    private const ulong PhysicalStart = PhysicalEnd - Length;
    private const ulong VirtualStart = GuestLayout.KernelHalf | PhysicalStart;
    private const int Code32 = 0x8000;
    private const int Code16 = 0x9000;
    private const int Pointers = 0xa000;
    private const int ResetVector = Length - 16;

    // Vectors whose exceptions push an error code: Intel SDM volume 3A, table 6-1.
    private const uint WithErrorCode = (1u << 8) | (1u << 10) | (1u << 11) | (1u << 12) | (1u << 13) | (1u << 14) | (1u << 17) | (1u << 21);

    private readonly Label[] _vectors = new Label[Vectors];
    private Label _load;
    private Label _store;

    internal StubRom()
    {
        Place64();
        Place(Code32, Assemble32());
        Place(Code16, Assemble16());
        Place(ResetVector, Assemble(16, ResetVector, code => code.jmp(Code16)).Bytes);
        WritePointer(Pointers, GuestLayout.PhysicalOf(GuestLayout.DescriptorTable), GuestLayout.DescriptorTableLength);
        WritePointer(Pointers + 16, GuestLayout.VirtualOf(GuestLayout.DescriptorTable), GuestLayout.DescriptorTableLength);
        WritePointer(Pointers + 32, GuestLayout.VirtualOf(GuestLayout.InterruptTable), Vectors * 16);
    }

    /// <summary>The bytes of the image.</summary>
    internal byte[] Image { get; } = new byte[Length];

    /// <summary>The virtual address of an instruction that loads RAX from the address in RDI.</summary>
    internal ulong Load { get; private set; }

    /// <summary>The virtual address of an instruction that stores RAX at the address in RDI.</summary>
    internal ulong Store { get; private set; }

    /// <summary>The virtual addresses of the handlers.</summary>
    internal ulong[] Handlers { get; } = new ulong[Vectors];

    private static byte[] Assemble16() => Assemble(16, Code16, code =>
    {
        code.cli();
        code.AddInstruction(Instruction.Create(Code.Lgdt_m1632, new MemoryOperand(Register.None, Register.None, 1, Pointers, 2, false, Register.CS)));
        code.mov(eax, cr0);
        code.or(eax, 1);
        code.mov(cr0, eax);
        code.AddInstruction(Instruction.CreateBranch(Code.Jmp_ptr1632, GuestLayout.Code32Selector, (uint)PhysicalStart + Code32));
    }).Bytes;

    private static byte[] Assemble32() => Assemble(32, PhysicalStart + Code32, code =>
    {
        const int ExtendedFeatures = unchecked((int)0xc000_0080);
        const int LongModeAndNoExecute = (1 << 8) | (1 << 11);
        const int PagingWriteProtectAndProtectedMode = unchecked((int)0x8001_0011);
        code.mov(eax, GuestLayout.DataSelector);
        code.mov(ds, ax);
        code.mov(ss, ax);
        code.mov(eax, __dword_ptr[(uint)GuestLayout.PhysicalOf(GuestLayout.BootControl4)]);
        code.mov(cr4, eax);
        code.mov(eax, (int)GuestLayout.PhysicalOf(GuestLayout.BootRoot));
        code.mov(cr3, eax);
        code.mov(ecx, ExtendedFeatures);
        code.xor(edx, edx);
        code.mov(eax, LongModeAndNoExecute);
        code.wrmsr();
        code.mov(eax, PagingWriteProtectAndProtectedMode);
        code.mov(cr0, eax);
        code.AddInstruction(Instruction.CreateBranch(Code.Jmp_ptr1632, GuestLayout.Code64Selector, (uint)PhysicalStart));
    }).Bytes;

    private void Place64()
    {
        (byte[] bytes, AssemblerResult result) = Assemble(64, VirtualStart, code =>
        {
            EnterKernelHalf(code);
            RunBatches(code);
        });
        Place(0, bytes);
        Load = result.GetLabelRIP(_load);
        Store = result.GetLabelRIP(_store);
        for (int vector = 0; vector < Vectors; vector++)
            Handlers[vector] = result.GetLabelRIP(_vectors[vector]);
    }

    /// <summary>The code runs where physical addresses are virtual ones; goes to where the kernel is in every tree, and takes that half's tables.</summary>
    private static void EnterKernelHalf(Assembler code)
    {
        Label high = code.CreateLabel();
        code.lea(rax, __[high]);
        code.mov(rcx, GuestLayout.KernelHalf);
        code.or(rax, rcx);
        code.jmp(rax);
        code.Label(ref high);
        code.mov(rsp, GuestLayout.VirtualOf(GuestLayout.StackEnd));
        code.mov(rax, VirtualStart + Pointers);
        code.lgdt(__[rax + 16]);
        code.lidt(__[rax + 32]);
        code.mov(eax, GuestLayout.TaskSelector);
        code.ltr(ax);
    }

    // rbx: the batch; r12: batches that are left; r14: the request; r15: requests that are left.
    private void RunBatches(Assembler code)
    {
        Label nextBatch = code.CreateLabel(), nextRequest = code.CreateLabel(), batchDone = code.CreateLabel(), done = code.CreateLabel();
        code.mov(rbx, GuestLayout.VirtualOf(GuestLayout.Batches));
        code.mov(r12, __[rbx + GuestLayout.BatchCount]);
        code.Label(ref nextBatch);
        code.test(r12, r12);
        code.jz(done);
        code.add(rbx, GuestLayout.BatchLength);
        code.mov(rax, __[rbx + GuestLayout.BatchRoot]);
        code.mov(cr3, rax);
        code.mov(r14, __[rbx + GuestLayout.BatchRequests]);
        code.mov(r15, __[rbx + GuestLayout.BatchRequestCount]);

        code.Label(ref nextRequest);
        code.test(r15, r15);
        code.jz(batchDone);
        code.xor(eax, eax);
        code.mov(cr2, rax);
        code.push(GuestLayout.UserDataSelector);
        code.push(0);
        code.push(0x102); // the trap flag, no interrupts
        code.push(GuestLayout.UserCodeSelector);
        code.push(__qword_ptr[r14 + GuestLayout.RequestInstruction]);
        code.mov(rdi, __[r14 + GuestLayout.RequestAddress]);
        code.mov(rax, __[r14 + GuestLayout.RequestValue]);
        code.iretq();

        code.Label(ref batchDone);
        code.dec(r12);
        code.jmp(nextBatch);
        code.Label(ref done);
        code.mov(al, GuestLayout.ExitValue);
        code.@out(GuestLayout.ExitPort, al);
        code.hlt();

        _load = code.CreateLabel();
        code.Label(ref _load);
        code.mov(rax, __[rdi]);
        _store = code.CreateLabel();
        code.Label(ref _store);
        code.mov(__[rdi], rax);
        PlaceHandlers(code, nextRequest);
    }

    private void PlaceHandlers(Assembler code, Label nextRequest)
    {
        Label note = code.CreateLabel();
        for (int vector = 0; vector < Vectors; vector++)
        {
            _vectors[vector] = code.CreateLabel();
            code.Label(ref _vectors[vector]);
            if ((WithErrorCode & (1u << vector)) == 0)
                code.push(0);
            code.push(vector);
            code.jmp(note);
        }

        code.Label(ref note);
        code.mov(__[r14 + GuestLayout.ResultValue], rax);
        foreach (int field in new[] { GuestLayout.ResultVector, GuestLayout.ResultError, GuestLayout.ResultInstruction })
            code.pop(__qword_ptr[r14 + field]);
        code.mov(rax, cr2);
        code.mov(__[r14 + GuestLayout.ResultFaultAddress], rax);
        code.mov(rsp, GuestLayout.VirtualOf(GuestLayout.StackEnd));
        code.add(r14, GuestLayout.RequestLength);
        code.dec(r15);
        code.jmp(nextRequest);
    }

    private static (byte[] Bytes, AssemblerResult Result) Assemble(int bitness, ulong at, Action<Assembler> write)
    {
        var code = new Assembler(bitness);
        write(code);
        using var stream = new MemoryStream();
        AssemblerResult result = code.Assemble(new StreamCodeWriter(stream), at, BlockEncoderOptions.ReturnNewInstructionOffsets);
        return (stream.ToArray(), result);
    }

    private void Place(int offset, byte[] bytes) => bytes.CopyTo(Image, offset);

    private void WritePointer(int offset, ulong address, int length)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(Image.AsSpan(offset), (ushort)(length - 1));
        BinaryPrimitives.WriteUInt64LittleEndian(Image.AsSpan(offset + 2), address);
    }
}
