using System.Buffers.Binary;
using PageShift.Abi;
using PageShift.AddressSpaces;
using PageShift.SystemCalls;
using PageShift.Translation;
using PageShift.Units;

namespace PageShift.Samples;

/// <summary>An emulator of a toy processor that has real Linux memory calls: its programs live in an <see cref="AddressSpace"/>, its loads and stores go through an
/// <see cref="AccessScope"/> of a <see cref="VirtualProcessor"/>, and its call instruction hands number and registers to <c>AddressSpace.Invoke</c>.</summary>
internal static class ToyEmulator
{
    private const ulong Code = 0x400000;
    private const int Registers = 8;
    private const int InstructionLength = 17;

    private enum Operation : byte
    {
        Stop,
        Set, // register, value
        Copy, // register, register
        Store, // address in a register, value in a register
        Load, // register, address in a register
        Call, // number in register 0, arguments in 1 to 6, result to 0
        Print, // register
    }

    internal static int Run()
    {
        const ulong Anonymous = (ulong)(MapFlags.Private | MapFlags.Anonymous), ReadWrite = (ulong)(Protection.Read | Protection.Write);
        using var space = new AddressSpace();
        Install(space,
        [
            // r7 = mmap(0, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
            .. Calling(SystemCallNumber.Map, 0, 8192, ReadWrite, Anonymous, ulong.MaxValue, 0), (Operation.Copy, 7, 0),
            // *r7 = 4711
            (Operation.Set, 2, 4711), (Operation.Store, 7, 2),
            // r7 = mremap(r7, 8192, 1 MiB, MREMAP_MAYMOVE)
            .. Calling(SystemCallNumber.Remap, 0, 8192, 1 << 20, (ulong)RemapFlags.MayMove, 0, 0)[..^1], (Operation.Copy, 1, 7), (Operation.Call, 0, 0), (Operation.Copy, 7, 0),
            // print *r7
            (Operation.Load, 3, 7), (Operation.Print, 3, 0),
            // munmap(r7, 1 MiB), and a look at what is gone
            .. Calling(SystemCallNumber.Unmap, 0, 1 << 20, 0, 0, 0, 0)[..^1], (Operation.Copy, 1, 7), (Operation.Call, 0, 0), (Operation.Print, 0, 0),
            (Operation.Load, 3, 7), (Operation.Stop, 0, 0),
        ]);
        return Execute(space);
    }

    private static (Operation, ulong, ulong)[] Calling(SystemCallNumber number, params ulong[] arguments) =>
    [
        (Operation.Set, 0, (ulong)number), .. arguments.Select((value, i) => (Operation.Set, (ulong)i + 1, value)), (Operation.Call, 0, 0),
    ];

    private static void Install(AddressSpace space, (Operation Operation, ulong First, ulong Second)[] program)
    {
        var bytes = new byte[program.Length * InstructionLength];
        for (int i = 0; i < program.Length; i++)
        {
            bytes[i * InstructionLength] = (byte)program[i].Operation;
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan((i * InstructionLength) + 1), program[i].First);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan((i * InstructionLength) + 9), program[i].Second);
        }

        var at = new VirtualAddress(Code);
        space.Map(at, new ByteLength((ulong)bytes.Length), Protection.Read | Protection.Write, MapFlags.Private | MapFlags.Anonymous | MapFlags.Fixed);
        space.Write(at, bytes);
        space.Protect(at, new ByteLength((ulong)bytes.Length), Protection.Read | Protection.Execute);
    }

    private static int Execute(AddressSpace space)
    {
        using VirtualProcessor processor = space.CreateProcessor();
        var registers = new ulong[Registers];
        var at = new VirtualAddress(Code);
        try
        {
            while (ExecuteUpToCall(processor, registers, ref at))
                registers[0] = (ulong)space.Invoke((long)registers[0], registers[1], registers[2], registers[3], registers[4], registers[5], registers[6]);
        }
        catch (MemoryAccessException fault)
        {
            Console.WriteLine($"the program dies: {fault.Message}");
        }

        return 0;
    }

    /// <summary>Executes instructions in one access scope, in which a load or a store costs about an array index. A call of the same thread would wait for the scope to end, so it
    /// ends at the call instruction. False when the program stops.</summary>
    private static bool ExecuteUpToCall(VirtualProcessor processor, ulong[] registers, ref VirtualAddress at)
    {
        using AccessScope access = processor.EnterAccess();
        while (true)
        {
            var operation = (Operation)access.Read<byte>(at);
            ulong first = access.Read<ulong>(at + new ByteLength(1)), second = access.Read<ulong>(at + new ByteLength(9));
            at += new ByteLength(InstructionLength);
            switch (operation)
            {
                case Operation.Set: registers[first] = second; break;
                case Operation.Copy: registers[first] = registers[second]; break;
                case Operation.Store: access.Write(new VirtualAddress(registers[first]), registers[second]); break;
                case Operation.Load: registers[first] = access.Read<ulong>(new VirtualAddress(registers[second])); break;
                case Operation.Print: Console.WriteLine($"the program prints {registers[first]}"); break;
                case Operation.Call: return true;
                default: return false;
            }
        }
    }
}
