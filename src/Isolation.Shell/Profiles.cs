using System;
using System.IO;
using System.Management.Automation;

namespace Isolation.Shell;

/// <summary>Where the start-up scripts are: beside the shell for all users, in the user's configuration folder for one.</summary>
internal static class Profiles
{
    private const string AllHosts = "profile.ps1";
    private const string ThisHost = "IsolationShell_profile.ps1";

    private static readonly string s_shared = Path.GetDirectoryName(typeof(PSObject).Assembly.Location) ?? string.Empty;

    private static readonly string s_user = Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "powershell");

    internal static string AllUsersAllHosts => Path.Combine(s_shared, AllHosts);

    internal static string AllUsersCurrentHost => Path.Combine(s_shared, ThisHost);

    internal static string CurrentUserAllHosts => Path.Combine(s_user, AllHosts);

    internal static string CurrentUserCurrentHost => Path.Combine(s_user, ThisHost);

    internal static string[] InOrder => [AllUsersAllHosts, AllUsersCurrentHost, CurrentUserAllHosts, CurrentUserCurrentHost];
}
