namespace PageShift.Cli.Running;

/// <summary>Where the calls of a log are made.</summary>
internal enum Executors
{
    /// <summary>On the engine, which plans each move under every policy.</summary>
    Engine,

    /// <summary>On the running kernel; the engine only follows, and predicts with the policy that fits the kernel.</summary>
    Linux,

    /// <summary>On both, in turn.</summary>
    Both,
}
