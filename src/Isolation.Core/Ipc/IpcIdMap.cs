using System.Collections.Generic;

namespace Isolation.Ipc;

/// <summary>Brings ids of a user namespace below the caller's to what they are in the caller's.</summary>
/// <param name="Users">The map of users; null where the ids are the caller's already.</param>
/// <param name="Groups">The map of groups; null where the ids are the caller's already.</param>
internal sealed record IpcIdMap(IReadOnlyList<IdMap>? Users, IReadOnlyList<IdMap>? Groups)
{
    /// <summary>The ids are the caller's already.</summary>
    public static IpcIdMap None { get; } = new(null, null);

    /// <summary>The caller's id of a user.</summary>
    public uint User(uint id) => Outside(Users, id);

    /// <summary>The caller's id of a group.</summary>
    public uint Group(uint id) => Outside(Groups, id);

    // One that no line has is the overflow id already, and stays it.
    private static uint Outside(IReadOnlyList<IdMap>? map, uint id)
    {
        foreach (IdMap line in map ?? [])
        {
            if (id >= line.Inside && id < line.Inside + line.Count)
            {
                return (uint)(line.Outside + (id - line.Inside));
            }
        }

        return id;
    }
}
