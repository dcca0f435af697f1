using PageShift.Abi;

namespace PageShift.SystemCalls;

/// <summary>A memory call that the engine can't make. It is known by name, and what it does to mappings by kind.</summary>
internal sealed class UnmodelledCall(int number, string name, CallEffect effect) : SystemCallDescription((SystemCallNumber)number, name, effect)
{
    public override bool IsModelled => false;
}
