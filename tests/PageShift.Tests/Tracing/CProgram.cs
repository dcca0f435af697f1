using System.Diagnostics;
using Xunit;

namespace PageShift.Tests.Tracing;

/// <summary>A C program that a test compiles and runs; its folder goes when the test is done.</summary>
internal sealed class CProgram : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pageshift-tracing-").FullName;

    /// <summary>Compiles <paramref name="body"/>, with the usual headers in front. Skips the test where there is no gcc.</summary>
    public CProgram(string body)
    {
        string source = PathOf("program.c");
        File.WriteAllText(source, Headers + body);
        Path = Compile(source);
    }

    private CProgram(IReadOnlyList<string> sources) => Path = Compile([.. sources]);

    /// <summary>Compiles a program of several files. Skips the test where there is no gcc.</summary>
    public static CProgram OfFiles(IReadOnlyList<string> sources) => new(sources);

    public string Path { get; }

    private static string Headers => """
        #define _GNU_SOURCE
        #include <errno.h>
        #include <fcntl.h>
        #include <poll.h>
        #include <pthread.h>
        #include <sched.h>
        #include <signal.h>
        #include <stdint.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/ioctl.h>
        #include <sys/mman.h>
        #include <sys/prctl.h>
        #include <sys/syscall.h>
        #include <sys/wait.h>
        #include <unistd.h>
        #define ANON(n) mmap(0, (n), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)

        """;

    /// <summary>A file beside the program.</summary>
    public string PathOf(string name) => System.IO.Path.Combine(_folder, name);

    /// <summary>Runs another program to its end, at most 10 minutes, so that nothing hangs for ever.</summary>
    public static (int Status, string Output) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(HangGuard.Limit), program);
        return (process.ExitCode, output + errors.Result);
    }

    private string Compile(params string[] sources)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/gcc"), "gcc is not installed.");
        string program = PathOf("program");
        (int status, string output) = Run("/usr/bin/gcc", ["-O1", "-g", "-Wall", "-Werror", "-pthread", "-o", program, .. sources]);
        Assert.True(status == 0, output);
        return program;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
