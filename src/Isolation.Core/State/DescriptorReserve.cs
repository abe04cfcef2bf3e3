using System;
using System.Collections.Generic;
using Isolation.Interop;
using Isolation.Plans;

namespace Isolation.State;

/// <summary>
/// A few open descriptors that are of no use but to be closed: where the process runs out of them in the middle of a piece of work, what was done can
/// still be undone, which takes some.
/// </summary>
internal sealed class DescriptorReserve : IDisposable
{
    /// <summary>What undoing takes: a walk through /proc, the lock of /run/netns, and a folder in a folder in a folder that are removed.</summary>
    public const int ForUndoing = 8;

    private readonly List<Descriptor> _spare;

    /// <exception cref="SyscallException">There are too few, and nothing is begun.</exception>
    public DescriptorReserve(int count = ForUndoing)
    {
        _spare = new(count);
        while (_spare.Count < count)
        {
            // Copies of the first, which is quicker than to look for the file again.
            Errno error = _spare is [Descriptor first, ..]
                ? Sys.TryDuplicate(first, out Descriptor? descriptor)
                : Sys.TryOpen("/", OpenFlags.Path, out descriptor);
            if (error != Errno.None)
            {
                Dispose();
                throw new SyscallException("open", error, $"keep {count} descriptors for undoing what fails", PlanHints.ForFork(error));
            }

            _spare.Add(descriptor!);
        }
    }

    /// <summary>Whether there are so many that could be opened.</summary>
    public static bool HasRoom(int count)
    {
        try
        {
            new DescriptorReserve(count).Dispose();
            return true;
        }
        catch (SyscallException)
        {
            return false;
        }
    }

    /// <summary>Closes them.</summary>
    public void Dispose()
    {
        foreach (Descriptor descriptor in _spare)
        {
            descriptor.Dispose();
        }
    }
}
