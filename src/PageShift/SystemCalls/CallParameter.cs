namespace PageShift.SystemCalls;

/// <summary>How an argument of a call is read and written.</summary>
internal enum ArgumentForm : byte
{
    /// <summary>An address: NULL or hexadecimal.</summary>
    Address,

    /// <summary>A length in bytes: decimal.</summary>
    Length,

    /// <summary>A place in a file, in bytes: 0 or hexadecimal.</summary>
    Offset,

    /// <summary>A number: 0 or hexadecimal.</summary>
    Number,

    /// <summary>An int: decimal.</summary>
    Signed,

    /// <summary>A file descriptor: decimal; strace -y writes the file behind it.</summary>
    FileDescriptor,

    /// <summary>The address of bytes that the call writes, or in a log these bytes in square brackets, or a structure in braces.</summary>
    Vector,

    /// <summary>Bits with names.</summary>
    Flags,

    /// <summary>One of several values with names.</summary>
    Value,

    /// <summary>A number of pages: decimal.</summary>
    Count,

    /// <summary>What the kernel calls an object that processes share: an int, decimal.</summary>
    Identifier,
}

/// <summary>One argument of a call. Its register is its place in the list of them. Immutable, thread-safe.</summary>
internal sealed class CallParameter
{
    /// <summary>Describes an argument.</summary>
    public CallParameter(string name, ArgumentForm form, ValueNames? values = null)
    {
        Name = name;
        Form = form;
        Values = values;
    }

    /// <summary>The name that the manual pages give it.</summary>
    public string Name { get; }

    /// <summary>How it is written.</summary>
    public ArgumentForm Form { get; }

    /// <summary>The names that it may hold; null for none.</summary>
    public ValueNames? Values { get; }

    /// <summary>True when strace leaves it out where the call does not use it.</summary>
    public bool IsOptional { get; init; }

    /// <summary>True when its names are those of another call, which explains them: where coverage is told they are passed over.</summary>
    public bool IsOfAnotherCall { get; init; }
}
