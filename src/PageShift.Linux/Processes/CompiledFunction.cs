namespace PageShift.Linux.Processes;

/// <summary>Names of code that was compiled as a program ran, as a person writes them.</summary>
internal static class CompiledFunction
{
    /// <summary>Takes a name of .NET's apart: <c>instance void [app] Some.Table`1[System.__Canon]::Grow(int32)[OptimizedTier1]</c> is the function <c>Table`1[System.__Canon].Grow</c> of the
    /// assembly <c>app</c>. What has another form stays as it is, with no assembly.</summary>
    public static (string Function, string? Assembly) Parse(string name)
    {
        const string Member = "::";
        int member = name.IndexOf(Member, StringComparison.Ordinal);
        int type = member < 0 ? -1 : name.LastIndexOf("] ", member, StringComparison.Ordinal); // what returns an array has one before
        int assembly = type < 0 ? -1 : name.LastIndexOf('[', type);
        int arguments = member < 0 ? -1 : name.IndexOf('(', member);
        if (assembly < 0 || arguments < 0)
            return (name, null);
        return ($"{WithoutNamespace(name[(type + 2)..member])}.{name[(member + Member.Length)..arguments]}", name[(assembly + 1)..type]);
    }

    private static string WithoutNamespace(string type)
    {
        int parameters = type.AsSpan().IndexOfAny('`', '[');
        return type[((parameters < 0 ? type : type[..parameters]).LastIndexOf('.') + 1)..];
    }
}
