using System;
using System.IO;
using System.Management.Automation;
using System.Text;

namespace Microsoft.PowerShell.Commands;

/// <summary>Opens the file that a cmdlet is to write, with PowerShell's errors.</summary>
internal static class OutputFile
{
    internal static TextWriter Open(PSCmdlet cmdlet, string given, bool literal, Encoding encoding, bool append, bool force, bool noClobber)
    {
        string path = Resolve(cmdlet, given, literal);
        try
        {
            if (force && File.Exists(path))
                File.SetAttributes(path, File.GetAttributes(path) & ~FileAttributes.ReadOnly);

            FileMode mode = append ? FileMode.Append : noClobber ? FileMode.CreateNew : FileMode.Create;
            FileStream stream = new(path, mode, FileAccess.Write, append ? FileShare.ReadWrite : FileShare.Read);
            return new StreamWriter(stream, encoding);
        }
        catch (IOException) when (noClobber && File.Exists(path))
        {
            IOException exception = new($"The file '{path}' already exists.");
            ErrorRecord error = new(exception, "NoClobber", ErrorCategory.ResourceExists, path)
            {
                ErrorDetails = new ErrorDetails($"File {path} already exists and NoClobber was specified."),
            };
            cmdlet.ThrowTerminatingError(error);
            throw;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            cmdlet.ThrowTerminatingError(new ErrorRecord(e, "FileOpenFailure", ErrorCategory.OpenError, null));
            throw;
        }
    }

    private static string Resolve(PSCmdlet cmdlet, string given, bool literal)
    {
        ProviderInfo provider;
        string path;
        if (!literal && WildcardPattern.ContainsWildcardCharacters(given) && TryResolve(cmdlet, given, out path, out provider))
            return Check(cmdlet, path, provider);

        path = cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(given, out provider, out _);
        return Check(cmdlet, path, provider);
    }

    private static bool TryResolve(PSCmdlet cmdlet, string given, out string path, out ProviderInfo provider)
    {
        path = string.Empty;
        provider = null!;
        try
        {
            System.Collections.ObjectModel.Collection<string> found = cmdlet.SessionState.Path.GetResolvedProviderPathFromPSPath(given, out provider);
            if (found.Count > 1)
            {
                PSInvalidOperationException exception = new("Cannot perform operation because the path resolved to more than one file. This command cannot operate on multiple files.");
                cmdlet.ThrowTerminatingError(new ErrorRecord(exception, "ReadWriteMultipleFilesNotSupported", ErrorCategory.InvalidArgument, null));
            }

            path = found.Count == 1 ? found[0] : string.Empty;
            return found.Count == 1;
        }
        catch (ItemNotFoundException)
        {
            return false;
        }
    }

    private static string Check(PSCmdlet cmdlet, string path, ProviderInfo provider)
    {
        if (provider.Name != FileSystemProvider.ProviderName)
        {
            PSInvalidOperationException exception = new($"Cannot open file because the current provider ({provider.Name}) cannot open a file.");
            cmdlet.ThrowTerminatingError(new ErrorRecord(exception, "ReadWriteFileNotFileSystemProvider", ErrorCategory.InvalidArgument, null));
        }

        return path;
    }
}
