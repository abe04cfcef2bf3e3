using System;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;

namespace Isolation;

/// <summary>What PowerShell writes for a native command with an exit code other than 0, where <c>$PSNativeCommandUseErrorActionPreference</c> says so.</summary>
internal static class NativeExit
{
    // PowerShell 7.4 and newer; not in the reference that the module is compiled against, and its constructor is PowerShell's own:
    // path, exit code, process id, message, error id.
    private static readonly ConstructorInfo? s_exception = typeof(PSObject).Assembly
        .GetType("System.Management.Automation.NativeCommandExitException")
        ?.GetConstructor(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, [typeof(string), typeof(int), typeof(int), typeof(string), typeof(string)]);

    /// <summary>The id that a native command's record has too.</summary>
    public const string ErrorId = "ProgramExitedWithNonZeroCode";

    /// <summary>The error record; its exception is a <c>NativeCommandExitException</c>, that <c>catch</c> finds by its type.</summary>
    /// <param name="path">The program.</param>
    /// <param name="exitCode">Its exit code.</param>
    /// <param name="processId">Its pid.</param>
    public static ErrorRecord ToRecord(string path, int exitCode, int processId)
    {
        string message = string.Create(CultureInfo.InvariantCulture, $"Program \"{path}\" ended with non-zero exit code: {exitCode} (0x{exitCode:X2}).");
        object? made = s_exception?.Invoke([path, exitCode, processId, message, ErrorId]);
        return new ErrorRecord(made as Exception ?? new RuntimeException(message), ErrorId, ErrorCategory.NotSpecified, path);
    }
}
