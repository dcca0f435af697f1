using System.Text.Json.Serialization.Metadata;
using PageShift.Cli.Output.Json;

namespace PageShift.Tests.Documentation;

/// <summary>The fields that the tool's JSON can have, as its types say, whether a run happens to write them or not.</summary>
internal static class JsonFields
{
    /// <summary>The names of all fields of documents that consist of these parts.</summary>
    internal static SortedSet<string> Of(params Type[] parts)
    {
        var names = new SortedSet<string>();
        var seen = new HashSet<Type>();
        foreach (Type part in parts)
            Collect(part, names, seen);
        return names;
    }

    private static void Collect(Type type, SortedSet<string> names, HashSet<Type> seen)
    {
        if (!seen.Add(type) || ReportJson.Default.GetTypeInfo(type) is not { } known)
            return;
        if (known.ElementType is { } element)
            Collect(element, names, seen);
        foreach (JsonPropertyInfo property in known.Properties)
        {
            names.Add(property.Name);
            Collect(property.PropertyType, names, seen);
        }
    }
}
