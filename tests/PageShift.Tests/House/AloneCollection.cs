using Xunit;

namespace PageShift.Tests.House;

/// <summary>The tests that run one after the other, with no other test beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    internal const string Name = "alone";
}
