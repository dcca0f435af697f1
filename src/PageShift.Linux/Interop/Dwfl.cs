using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PageShift.Linux.Interop;

/// <summary>elfutils' libdw, which unwinds stacks and names functions by the files' symbols, unwind tables and debug files, where it is installed. No system calls.
/// Source: <c>elfutils/libdwfl.h</c>.</summary>
internal static unsafe partial class Dwfl
{
    private const string Library = "libdw.so.1";
    private const int MostFrames = 64;

    private static readonly Lazy<nint> Callbacks = new(CreateCallbacks);

    /// <summary>True where the library is installed.</summary>
    internal static bool IsAvailable => Callbacks.Value != 0;

    /// <summary>Begins with the files that a process has mapped; 0 on failure.</summary>
    internal static nint Open(int process)
    {
        if (!IsAvailable)
            return 0;
        nint session = Begin(Callbacks.Value);
        if (session != 0 && ReportProcess(session, process) == 0 && ReportEnd(session, 0, 0) == 0 && Attach(session, process, isStopped: 1) == 0)
            return session;
        Close(session);
        return 0;
    }

    /// <summary>Learns of files that were mapped since.</summary>
    internal static void Refresh(nint session, int process)
    {
        ReportBegin(session);
        _ = ReportProcess(session, process);
        _ = ReportEnd(session, 0, 0);
    }

    /// <summary>Ends.</summary>
    internal static void Close(nint session)
    {
        if (session != 0)
            End(session);
    }

    /// <summary>The addresses that a stopped thread, which the calling thread traces, is at, innermost first; those of callers are the addresses of their calls' last bytes.</summary>
    internal static ulong[] Unwind(nint session, int thread)
    {
        ulong* addresses = stackalloc ulong[MostFrames];
        var frames = new UnwoundFrames { Addresses = addresses };
        _ = GetThreadFrames(session, thread, &OnFrame, &frames);
        return new ReadOnlySpan<ulong>(addresses, frames.Count).ToArray();
    }

    /// <summary>The function at an address, by the files' symbols; null where it has none.</summary>
    internal static string? FunctionAt(nint session, ulong address)
    {
        nint module = AddressModule(session, address);
        return module == 0 ? null : Demangled(Marshal.PtrToStringUTF8(ModuleAddressName(module, address)));
    }

    /// <summary>The source file and the line of an address; null and 0 where they are not known. The first time for a file, its debug information is read, which is decompressed as a whole where
    /// it is compressed.</summary>
    internal static (string? File, int Line) SourceAt(nint session, ulong address)
    {
        nint module = AddressModule(session, address);
        nint line = module == 0 ? 0 : ModuleSource(module, address);
        if (line == 0)
            return default;
        int number = 0;
        string? file = Marshal.PtrToStringUTF8(LineInfo(line, null, &number, null, null, null));
        return (file, number);
    }

    /// <summary>A C++ or Rust function's name as it is written in the source.</summary>
    private static string? Demangled(string? name)
    {
        if (name is null || !name.StartsWith("_Z", StringComparison.Ordinal))
            return name;
        try
        {
            byte* text = Demangle(name, null, null, out int status);
            string? demangled = status == 0 ? Marshal.PtrToStringUTF8((nint)text) : null;
            NativeMemory.Free(text);
            return demangled ?? name;
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            return name;
        }
    }

    private static nint CreateCallbacks()
    {
        if (!NativeLibrary.TryLoad(Library, typeof(Dwfl).Assembly, null, out nint library)
            || !NativeLibrary.TryGetExport(library, "dwfl_linux_proc_find_elf", out nint findFile)
            || !NativeLibrary.TryGetExport(library, "dwfl_standard_find_debuginfo", out nint findDebug)
            || !NativeLibrary.TryGetExport(library, "dwfl_getthread_frames", out _))
            return 0;
        // find_elf, find_debuginfo, section_address, debuginfo_path; for the life of the process.
        var callbacks = (nint*)NativeMemory.AllocZeroed(4, (nuint)sizeof(nint));
        callbacks[0] = findFile;
        callbacks[1] = findDebug;
        return (nint)callbacks;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnFrame(nint frame, UnwoundFrames* frames)
    {
        const int Continue = 0, Stop = 1;
        ulong address;
        byte isExact;
        if (FrameAddress(frame, &address, &isExact) == 0)
            return Stop;
        frames->Addresses[frames->Count++] = isExact != 0 ? address : address - 1;
        return frames->Count == MostFrames ? Stop : Continue;
    }

    [LibraryImport(Library, EntryPoint = "dwfl_begin")]
    private static partial nint Begin(nint callbacks);

    [LibraryImport(Library, EntryPoint = "dwfl_end")]
    private static partial void End(nint session);

    [LibraryImport(Library, EntryPoint = "dwfl_report_begin")]
    private static partial void ReportBegin(nint session);

    [LibraryImport(Library, EntryPoint = "dwfl_linux_proc_report")]
    private static partial int ReportProcess(nint session, int process);

    [LibraryImport(Library, EntryPoint = "dwfl_report_end")]
    private static partial int ReportEnd(nint session, nint removed, nint argument);

    [LibraryImport(Library, EntryPoint = "dwfl_linux_proc_attach")]
    private static partial int Attach(nint session, int process, byte isStopped);

    [LibraryImport(Library, EntryPoint = "dwfl_getthread_frames")]
    private static partial int GetThreadFrames(nint session, int thread, delegate* unmanaged[Cdecl]<nint, UnwoundFrames*, int> onFrame, UnwoundFrames* frames);

    [LibraryImport(Library, EntryPoint = "dwfl_frame_pc")]
    private static partial byte FrameAddress(nint frame, ulong* address, byte* isExact);

    [LibraryImport(Library, EntryPoint = "dwfl_addrmodule")]
    private static partial nint AddressModule(nint session, ulong address);

    [LibraryImport(Library, EntryPoint = "dwfl_module_addrname")]
    private static partial nint ModuleAddressName(nint module, ulong address);

    [LibraryImport(Library, EntryPoint = "dwfl_module_getsrc")]
    private static partial nint ModuleSource(nint module, ulong address);

    [LibraryImport(Library, EntryPoint = "dwfl_lineinfo")]
    private static partial nint LineInfo(nint line, ulong* address, int* number, int* column, ulong* changed, ulong* length);

    [LibraryImport("libstdc++.so.6", EntryPoint = "__cxa_demangle", StringMarshalling = StringMarshalling.Utf8)]
    private static partial byte* Demangle(string name, byte* buffer, nuint* length, out int status);

    private struct UnwoundFrames
    {
        internal ulong* Addresses;
        internal int Count;
    }
}
