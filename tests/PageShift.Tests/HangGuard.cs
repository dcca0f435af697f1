namespace PageShift.Tests;

/// <summary>How long a test waits for what must come, so that it does not hang for ever where it does not. No measure of speed: on a busy machine anything can take long.</summary>
internal static class HangGuard
{
    internal static TimeSpan Limit { get; } = TimeSpan.FromMinutes(10);
}
