using PageShift.Verification.Lockstep;
using Xunit;

namespace PageShift.Tests.Lockstep;

/// <summary>Starts lockstep for tests; where that is not possible the test is skipped with the reason.</summary>
internal static class StartedFactory
{
    internal static LockstepFactory OrSkip()
    {
        LockstepFactory? factory = LockstepFactory.TryStart(out string? reason);
        if (factory is null)
            Assert.Skip(reason ?? "no reason was given");
        return factory;
    }
}
