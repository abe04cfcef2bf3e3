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
    // A walk through /proc, the lock of /run/netns, and a folder in a folder in a folder that are removed.
    private const int Count = 8;

    private readonly List<Descriptor> _spare = new(Count);

    /// <exception cref="SyscallException">There are too few, and nothing is begun.</exception>
    public DescriptorReserve()
    {
        while (_spare.Count < Count)
        {
            // Copies of the first, which is quicker than to look for the file again.
            Errno error = _spare is [Descriptor first, ..]
                ? Sys.TryDuplicate(first, out Descriptor? descriptor)
                : Sys.TryOpen("/", OpenFlags.Path, out descriptor);
            if (error != Errno.None)
            {
                Dispose();
                throw new SyscallException("open", error, $"keep {Count} descriptors for undoing what fails", PlanHints.ForFork(error));
            }

            _spare.Add(descriptor!);
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
