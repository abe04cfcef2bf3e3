namespace Isolation.Users;

/// <summary>A line of a passwd file, passwd(5).</summary>
/// <param name="Name">The user's name.</param>
/// <param name="UserId">The user's id.</param>
/// <param name="GroupId">The id of the user's primary group.</param>
/// <param name="HomeDirectory">The home directory; empty where none is given.</param>
/// <param name="Shell">The login shell; empty where none is given, which means /bin/sh.</param>
internal sealed record UserEntry(string Name, uint UserId, uint GroupId, string HomeDirectory, string Shell);
