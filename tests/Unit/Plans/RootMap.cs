using Isolation.Users;

namespace Isolation.Tests.Plans;

/// <summary>Maps that make one user and one group root inside, as that user may write them.</summary>
internal static class RootMap
{
    public static PlannedIdMaps Of(uint uid, uint gid) => new(
        new PlannedIdMap([new IdMap(0, uid, 1)], IdMapWriter.Self), new PlannedIdMap([new IdMap(0, gid, 1)], IdMapWriter.Self), DenySetGroups: true);
}
