using PageShift.Tests.House;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LastCollection.Orderer))]

namespace PageShift.Tests.House;

/// <summary>The tests that run after all others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class LastCollection
{
    internal const string Name = "last";

    /// <summary>Leaves the collections in their order, but for the last one. Those that run alone run after those that run side by side.</summary>
    internal sealed class Orderer : ITestCollectionOrderer
    {
        public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
            where TTestCollection : ITestCollection =>
            [.. testCollections.OrderBy(c => c.TestCollectionDisplayName == Name)];
    }
}
