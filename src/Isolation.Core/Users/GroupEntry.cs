namespace Isolation.Users;

/// <summary>A line of a group file, group(5).</summary>
/// <param name="Name">The group's name.</param>
/// <param name="GroupId">The group's id.</param>
/// <param name="Members">The names of the users who have it as a supplementary group.</param>
internal sealed record GroupEntry(string Name, uint GroupId, string[] Members);
