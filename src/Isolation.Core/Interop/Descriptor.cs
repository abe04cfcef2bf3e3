using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Isolation.Interop;

/// <summary>An open file descriptor that is closed once, when it is disposed or collected.</summary>
public sealed class Descriptor : SafeHandleMinusOneIsInvalid
{
    /// <summary>An empty one, for the marshaller.</summary>
    public Descriptor() : base(ownsHandle: true)
    {
    }

    /// <summary>Takes over an open descriptor.</summary>
    public Descriptor(int fd) : base(ownsHandle: true) => SetHandle(fd);

    /// <summary>The descriptor's number. It stays valid only while this object is alive and not disposed.</summary>
    public int Number => (int)handle;

    /// <summary>The path under which this process can open or mount the descriptor's file: <c>/proc/self/fd/N</c>.</summary>
    internal string ProcPath => $"/proc/self/fd/{Number}";

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Sys.close((int)handle) == 0;
}
