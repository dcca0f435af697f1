using System.Globalization;
using System.Numerics;
using PageShift.PageTables;

namespace PageShift.Verification.Checking;

/// <summary>The names of the shapes of page tables: levels and entries of a table, such as <c>4x512</c> for x86-64 or <c>3x4</c> for a small world.</summary>
public static class GeometryName
{
    private const int LeastLevels = 2;
    private const int LeastEntries = 2;

    /// <summary>The name of <paramref name="geometry"/>.</summary>
    public static string Of(PagingGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        return string.Create(CultureInfo.InvariantCulture, $"{geometry.Levels}x{geometry.EntriesPerTable}");
    }

    /// <summary>Finds the shape of a name: 4 or 5 levels of 512 entries, or 2 to 5 levels of 2, 4, 8 ... 256.</summary>
    public static bool TryParse(string name, out PagingGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(name);
        geometry = PagingGeometry.X86;
        string[] parts = name.Split('x');
        if (parts.Length != 2
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int levels)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int entries)
            || levels is < LeastLevels or > PagingGeometry.MaximumLevels
            || entries < LeastEntries
            || !BitOperations.IsPow2(entries)
            || entries > PagingGeometry.X86.EntriesPerTable)
            return false;
        if (entries < PagingGeometry.X86.EntriesPerTable)
        {
            geometry = PagingGeometry.Toy(levels, BitOperations.Log2((uint)entries));
            return true;
        }

        geometry = levels == PagingGeometry.X86FiveLevel.Levels ? PagingGeometry.X86FiveLevel : PagingGeometry.X86;
        return levels == geometry.Levels;
    }
}
