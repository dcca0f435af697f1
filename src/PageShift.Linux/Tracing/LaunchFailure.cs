using PageShift.Abi;

namespace PageShift.Linux.Tracing;

/// <summary>Why a command was not started, or could not be traced.</summary>
internal sealed record LaunchFailure(TraceFailure Failure, Errno Error, string Reason);
