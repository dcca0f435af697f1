namespace PageShift.Linux.Tracing;

/// <summary>What the tracer has added to the command's security, and programs are not to see.</summary>
/// <param name="IsOnlyFilter">True when the tracer's filter is the only one that programs are started with.</param>
/// <param name="HasNoNewPrivileges">True when the tracer had to set no_new_privs.</param>
internal readonly record struct HiddenSecurity(bool IsOnlyFilter, bool HasNoNewPrivileges);
