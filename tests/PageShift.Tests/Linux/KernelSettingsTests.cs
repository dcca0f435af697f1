using PageShift.Linux;
using PageShift.Linux.Settings;
using Xunit;

namespace PageShift.Tests.Linux;

public sealed class KernelSettingsTests
{
    [Theory]
    [InlineData("6.18.44-fc-v657", 6, 18)]
    [InlineData("6.7-rc1", 6, 7)]
    [InlineData("5.11", 5, 11)]
    [InlineData("10.0.0", 10, 0)]
    public void A_release_begins_with_its_version(string release, int major, int minor) =>
        Assert.Equal(new KernelVersion(major, minor, release), KernelVersion.Parse(release));

    [Theory]
    [InlineData("")]
    [InlineData("6")]
    [InlineData("6.")]
    [InlineData(".18")]
    [InlineData("six.18")]
    [InlineData("6.99999999999")]
    public void Another_text_is_no_release(string text) => Assert.Null(KernelVersion.Parse(text));

    [Fact]
    public void Versions_are_compared_by_number()
    {
        var version = new KernelVersion(6, 7, "6.7.0");

        Assert.True(version.IsAtLeast(6, 7));
        Assert.True(version.IsAtLeast(5, 11));
        Assert.False(version.IsAtLeast(6, 18));
        Assert.False(version.IsAtLeast(7, 0));
    }

    [Fact]
    public void The_running_kernel_tells_its_version_and_settings()
    {
        if (PlatformSupport.MissingReason is string reason) Assert.Skip(reason);

        KernelSettings settings = KernelSettings.Read();

        Assert.Equal(Environment.OSVersion.Version.Major, KernelVersion.ReadRunning()?.Major);
        Assert.InRange(settings.MostMappings ?? 0, 1, long.MaxValue);
        Assert.InRange(settings.OvercommitMemory ?? -1, 0, 2);
        Assert.InRange(settings.LowestAddress ?? -1, 0, long.MaxValue);
        Assert.Contains(settings.TransparentHugePages, new[] { null, "always", "madvise", "never" });
    }
}
