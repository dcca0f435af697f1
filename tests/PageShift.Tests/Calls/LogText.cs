using System.Text;
using PageShift.Calls;

namespace PageShift.Tests.Calls;

/// <summary>Logs for the tests: from text, and the recorded ones.</summary>
internal static class LogText
{
    private const string FileName = "test.strace";

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Calls", "Data");

    /// <summary>The names of the recorded logs.</summary>
    public static IEnumerable<string> RecordedNames =>
        Directory.EnumerateFiles(Folder, "*.strace").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    public static byte[] Recorded(string name) => File.ReadAllBytes(Path.Combine(Folder, name + ".strace"));

    /// <summary>A reader that refuses whatever it can't read, unless it is lenient.</summary>
    public static CallLogReader Reader(byte[] log, bool lenient = false) => Reader(log, lenient, strict: !lenient);

    /// <summary>A reader as the tool has it without options: noise is passed over.</summary>
    public static CallLogReader PlainReader(params string[] lines) => Reader(Encoding.UTF8.GetBytes(string.Join('\n', lines)), lenient: false, strict: false);

    public static CallLogReader Reader(byte[] log, bool lenient, bool strict) =>
        new(new MemoryStream(log), new CallLogOptions { FileName = FileName, Lenient = lenient, Strict = strict });

    public static List<CallRecord> Read(byte[] log, bool lenient = false) => ReadAll(Reader(log, lenient));

    public static List<CallRecord> Read(params string[] lines) => Read(Encoding.UTF8.GetBytes(string.Join('\n', lines)));

    /// <summary>All records but the beginnings of calls, which have tests of their own (<see cref="OverlappedCallsTests"/>).</summary>
    public static List<CallRecord> ReadAll(CallLogReader reader)
    {
        var records = new List<CallRecord>();
        while (reader.TryRead(out CallRecord record))
        {
            if (record.Kind != CallRecordKind.CallStarted)
                records.Add(record);
        }

        return records;
    }

    /// <summary>The one record of a log.</summary>
    public static CallRecord ReadOne(params string[] lines) => Xunit.Assert.Single(Read(lines));

    /// <summary>The error that reading a log ends with.</summary>
    public static CallSyntaxError ErrorOf(params string[] lines) =>
        Xunit.Assert.Throws<CallSyntaxException>(() => Read(lines)).Error;

    public static string Write(params IEnumerable<CallRecord> records)
    {
        var output = new StringWriter { NewLine = "\n" };
        var writer = new CallLogWriter(output);
        foreach (CallRecord record in records)
            writer.Write(record);
        return output.ToString();
    }
}
