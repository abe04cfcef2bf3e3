using System;
using System.Collections.Generic;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Completion;
using Isolation.Interop;
using Isolation.Ipc;

namespace Isolation.Commands;

/// <summary>Get-IpcObject: the shared memory, semaphores and message queues of ipc namespaces. Equivalent to <c>ipcs</c>, run inside, and to <c>ls /dev/mqueue</c>.</summary>
[Cmdlet(VerbsCommon.Get, "IpcObject")]
[OutputType(typeof(IpcObject))]
public sealed class GetIpcObjectCommand : IsolationCommand
{
    /// <summary>The sets, processes, namespaces or paths; without one, the caller's own ipc namespace.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference[]? Namespace { get; set; }

    /// <summary>The kinds that are wanted.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public IpcType[] Type { get; set; } = Enum.GetValues<IpcType>();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Namespace is null)
        {
            Guard("IpcReadFailed", null, () => Write(IpcNamespace.Own()));
            return;
        }

        foreach (NamespaceReference reference in Namespace)
        {
            Guard("IpcReadFailed", reference, () => Write(IpcNamespace.Of(reference.Open(NamespaceType.Ipc))));
        }
    }

    private void Write(IpcNamespace ipc)
    {
        using (ipc)
        {
            foreach (IpcObject item in ipc.Read(Type, Cancellation))
            {
                WriteObject(item);
            }

            if (ipc.Gap is string gap)
            {
                WriteWarning(gap);
            }
        }
    }
}

/// <summary>Remove-IpcObject: removes shared memory, semaphores and message queues. Equivalent to <c>ipcrm</c>, run inside, and to <c>rm /dev/mqueue/NAME</c>.</summary>
[Cmdlet(VerbsCommon.Remove, "IpcObject", DefaultParameterSetName = "InputObject", SupportsShouldProcess = true)]
public sealed class RemoveIpcObjectCommand : IsolationCommand
{
    // Each namespace is opened and looked at once.
    private readonly Dictionary<ulong, IpcNamespace> _namespaces = [];
    private readonly Dictionary<ulong, IReadOnlyList<IpcObject>> _objects = [];

    /// <summary>The objects of Get-IpcObject.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = "InputObject")]
    [ValidateNotNullOrEmpty]
    public IpcObject[] InputObject { get; set; } = [];

    /// <summary>The kind of System V IPC that the ids are of.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id")]
    [ValidateSet(nameof(IpcType.SharedMemory), nameof(IpcType.Semaphore), nameof(IpcType.MessageQueue))]
    public string? Type { get; set; }

    /// <summary>The ids of System V IPC.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id")]
    [ValidateNotNullOrEmpty]
    public int[] Id { get; set; } = [];

    /// <summary>The names of POSIX message queues.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Name")]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>The set, process, namespace or path that ids and names are looked for in; without one, the caller's own ipc namespace.</summary>
    [Parameter(ParameterSetName = "Id")]
    [Parameter(ParameterSetName = "Name")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public NamespaceReference? Namespace { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (IpcObject item in InputObject)
        {
            Guard("IpcRemoveFailed", item, () => Remove(item));
        }

        foreach (int id in Id)
        {
            Guard("IpcRemoveFailed", id, () => Remove(Enum.Parse<IpcType>(Type!, ignoreCase: true), id.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }

        foreach (string name in Name)
        {
            Guard("IpcRemoveFailed", name, () => Remove(IpcType.PosixMessageQueue, name.StartsWith('/') ? name : "/" + name));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (IpcNamespace ipc in _namespaces.Values)
        {
            ipc.Dispose();
        }

        _namespaces.Clear();
        base.Dispose(disposing);
    }

    private void Remove(IpcObject item)
    {
        if (!_namespaces.TryGetValue(item.NamespaceId, out IpcNamespace? ipc))
        {
            ipc = IpcNamespace.ByNumber(item.NamespaceId, Cancellation);
            _namespaces.Add(item.NamespaceId, ipc);
        }

        // The number of a namespace is given out again, and in another one the id may be that of anything.
        foreach (IpcObject there in Objects(ipc))
        {
            if (item.IsStill(there))
            {
                Remove(ipc, item);
                return;
            }
        }

        throw NotFound(item.ToString(), ipc);
    }

    private void Remove(IpcType type, string mark)
    {
        using IpcNamespace ipc = Namespace is null ? IpcNamespace.Own() : IpcNamespace.Of(Namespace.Open(NamespaceType.Ipc));
        foreach (IpcObject item in ipc.Read([type], Cancellation))
        {
            if (item.Mark == mark)
            {
                Remove(ipc, item);
                return;
            }
        }

        throw NotFound($"{type} {mark}", ipc);
    }

    private void Remove(IpcNamespace ipc, IpcObject item)
    {
        if (!ShouldProcess($"{item} of {ipc.Description}", "Remove the IPC object"))
        {
            return;
        }

        try
        {
            ipc.Remove(item, Explain, Cancellation);
        }
        catch (SyscallException exception) when (exception.Errno is Errno.EINVAL or Errno.EIDRM or Errno.ENOENT)
        {
            throw NotFound(item.ToString(), ipc);
        }
    }

    private IReadOnlyList<IpcObject> Objects(IpcNamespace ipc)
    {
        if (!_objects.TryGetValue(ipc.Id, out IReadOnlyList<IpcObject>? objects))
        {
            objects = ipc.Read(Enum.GetValues<IpcType>(), Cancellation);
            _objects.Add(ipc.Id, objects);
        }

        return objects;
    }

    private static IsolationException NotFound(string what, IpcNamespace ipc) => new(
        "IpcObjectNotFound", ErrorKind.NotFound, $"There is no {what} in the ipc namespace of {ipc.Description}. Get-IpcObject lists the objects that there are.");
}
