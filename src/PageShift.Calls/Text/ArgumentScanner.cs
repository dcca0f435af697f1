using System.Buffers;

namespace PageShift.Calls.Text;

/// <summary>Passes over arguments that are not read: nested brackets, strings, comments, and files behind descriptors.</summary>
internal static class ArgumentScanner
{
    private static readonly SearchValues<byte> Marks = SearchValues.Create("\"()[]{}<,/"u8);
    private static readonly SearchValues<byte> AnnotationMarks = SearchValues.Create("\\<>"u8);

    /// <summary>Moves to the comma or the closing parenthesis that ends the argument at the position, or to the end of the text.</summary>
    public static bool TrySkipArgument(ref LineCursor cursor) => TrySkip(ref cursor, stopsAtComma: true);

    /// <summary>Moves to the closing parenthesis that ends the arguments, or to the end of the text.</summary>
    public static bool TrySkipArguments(ref LineCursor cursor) => TrySkip(ref cursor, stopsAtComma: false);

    /// <summary>Moves behind a string whose opening quote is at the position.</summary>
    /// <param name="cursor">At the quote; afterwards behind the closing one.</param>
    /// <param name="content">What is between the quotes.</param>
    public static bool TrySkipString(ref LineCursor cursor, out ReadOnlySpan<byte> content)
    {
        int start = ++cursor.Position;
        while (cursor.Rest.IndexOfAny((byte)'"', (byte)'\\') is var offset && offset >= 0)
        {
            cursor.Position += offset;
            if (cursor.Current == '"')
            {
                content = cursor.Text[start..cursor.Position++];
                return true;
            }

            cursor.Position = Math.Min(cursor.Position + 2, cursor.Text.Length);
        }

        content = default;
        cursor.Position = cursor.Text.Length;
        return cursor.Fail("a closing quote");
    }

    /// <summary>Moves behind an annotation, such as <c>&lt;/etc/hosts&gt;</c>, whose bracket is at the position.</summary>
    /// <param name="cursor">At the bracket; afterwards behind the closing one.</param>
    /// <param name="content">What is between the brackets, without what nested brackets add (a device's numbers).</param>
    public static bool TrySkipAnnotation(ref LineCursor cursor, out ReadOnlySpan<byte> content)
    {
        int start = ++cursor.Position;
        int end = -1;
        int depth = 1;
        // In a path "->" ends the annotation; in a socket's, such as TCP:[127.0.0.1:5->127.0.0.1:6], it is an arrow.
        bool isPath = cursor.Current == '/';
        while (cursor.Rest.IndexOfAny(AnnotationMarks) is var offset && offset >= 0)
        {
            cursor.Position += offset;
            byte mark = cursor.Current;
            if (mark == '<' && depth++ == 1 && end < 0)
                end = cursor.Position;
            else if (mark == '>' && (isPath || cursor.Text[cursor.Position - 1] != '-') && --depth == 0)
            {
                content = cursor.Text[start..(end < 0 ? cursor.Position : end)];
                cursor.Position++;
                return true;
            }

            cursor.Position = Math.Min(cursor.Position + (mark == '\\' ? 2 : 1), cursor.Text.Length);
        }

        content = default;
        cursor.Position = cursor.Text.Length;
        return cursor.Fail("'>'");
    }

    private static bool TrySkip(ref LineCursor cursor, bool stopsAtComma)
    {
        int depth = 0;
        while (cursor.Rest.IndexOfAny(Marks) is var offset && offset >= 0)
        {
            cursor.Position += offset;
            switch ((char)cursor.Current)
            {
                case ',' when depth == 0 && stopsAtComma:
                case ')' when depth == 0:
                    return true;
                case '"':
                    if (!TrySkipString(ref cursor, out _))
                        return false;
                    continue;
                case '<' when IsAnnotation(cursor):
                    if (!TrySkipAnnotation(ref cursor, out _))
                        return false;
                    continue;
                case '/' when cursor.Next == '*':
                    int start = cursor.Position;
                    cursor.SkipBlank();
                    if (cursor.Position == start)
                        return cursor.Fail("a comment that ends");
                    continue;
                case '(' or '[' or '{':
                    depth++;
                    break;
                case ')' or ']' or '}':
                    depth = Math.Max(0, depth - 1);
                    break;
            }

            cursor.Position++;
        }

        cursor.Position = cursor.Text.Length;
        return true;
    }

    private static bool IsAnnotation(in LineCursor cursor) =>
        cursor.Position > 0 && LineCursor.IsNameByte(cursor.Text[cursor.Position - 1]) && cursor.Next != '<';
}
