using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using Isolation.Arguments;
using Isolation.Entry;
using Isolation.Plans;

namespace Isolation.Commands;

/// <summary>The base of the cmdlets that run a program inside namespaces: what, where, as whom.</summary>
public abstract class ProgramCommand : IsolationCommand
{
    /// <summary>The kinds of namespace to enter; without it all that there are.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ValidateRange(NamespaceType.Time, NamespaceTypes.Every)]
    public NamespaceType[] Type { get; set; } = [];

    /// <summary>The program: a path inside, or a name that is looked for in PATH.</summary>
    public abstract string? FilePath { get; set; }

    /// <summary>Its arguments.</summary>
    [Parameter(Position = 2, ValueFromRemainingArguments = true)]
    [AllowEmptyCollection]
    [AllowEmptyString]
    [Alias("Args")]
    public object[] ArgumentList { get; set; } = [];

    /// <summary>The arguments as text. What PowerShell made an array of, such as <c>pid,comm</c>, is put together again, as for a native command.</summary>
    private protected string[] Arguments => Array.ConvertAll(ArgumentList, static argument =>
    {
        object? inner = argument is PSObject wrapped ? wrapped.BaseObject : argument;
        return inner is object[] items ? string.Join(',', Array.ConvertAll(items, LanguagePrimitives.ConvertTo<string>)) : LanguagePrimitives.ConvertTo<string>(argument);
    });

    /// <summary>The directory inside in which it starts.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>Variables that are added to its environment; a null value takes one away.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary? Environment { get; set; }

    /// <summary>The user inside, by name or id.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>The group inside, by name or id.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Group { get; set; }

    /// <summary>Opens the namespaces that are meant.</summary>
    private protected NamespaceTarget OpenTarget(NamespaceReference reference)
    {
        NamespaceType wanted = Type.Length == 0 ? NamespaceTypes.Every : NamespaceType.None;
        foreach (NamespaceType type in Type)
        {
            wanted |= type;
        }

        return reference.Open(wanted);
    }

    /// <summary>The program as the parameters describe it; without <see cref="FilePath"/> the user's shell.</summary>
    private protected ProgramOptions Program(NamespaceTarget target, bool attached, bool onTerminal = false)
    {
        Credentials credentials = Credentials.Find(target, User, Group, Cancellation);
        foreach (string argument in Arguments)
        {
            RefuseNul(argument, "-ArgumentList");
        }

        RefuseNul(FilePath ?? "", "-FilePath");
        RefuseNul(WorkingDirectory ?? "", "-WorkingDirectory");
        List<string> environment = MergeEnvironment(credentials.Environment);
        return new ProgramOptions
        {
            FilePath = FilePath ?? "a shell",
            Choices = FilePath is null ? UserShell.Choices(target, environment, credentials.Uid, Cancellation) : null,
            OnTerminal = onTerminal,
            Arguments = Arguments,
            Environment = environment,

            // Where nothing is asked for, the caller's own location if it exists inside, and the root otherwise.
            WorkingDirectory = WorkingDirectory ?? SessionState.Path.CurrentFileSystemLocation.ProviderPath,
            WorkingDirectoryRequired = WorkingDirectory is not null,
            Uid = credentials.Uid,
            Gid = credentials.Gid,
            Groups = credentials.Groups,
            Attached = attached,
        };
    }

    private static void RefuseNul(string text, string parameter)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new IsolationException(
                "ProgramArgumentInvalid", ErrorKind.InvalidArgument, $"{parameter} contains a NUL character, where execve(2) would cut it off. Take it out.");
        }
    }

    private List<string> MergeEnvironment(IReadOnlyList<string> ofUser)
    {
        SortedDictionary<string, string> merged = new(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            merged[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        foreach (string variable in ofUser)
        {
            int at = variable.IndexOf('=', StringComparison.Ordinal);
            merged[variable[..at]] = variable[(at + 1)..];
        }

        foreach (DictionaryEntry variable in Environment ?? new Hashtable())
        {
            string name = LanguagePrimitives.ConvertTo<string>(variable.Key);
            if (name.Length == 0 || name.AsSpan().IndexOfAny('=', '\0') >= 0)
            {
                throw new IsolationException(
                    "ProgramEnvironmentInvalid", ErrorKind.InvalidArgument, $"'{name}' cannot be the name of an environment variable: it is empty, or has '=' or a NUL in it.");
            }

            if (variable.Value is null)
            {
                merged.Remove(name);
                continue;
            }

            string value = LanguagePrimitives.ConvertTo<string>(variable.Value);
            RefuseNul(value, $"-Environment {name}");
            merged[name] = value;
        }

        List<string> environment = new(merged.Count);
        foreach ((string name, string value) in merged)
        {
            environment.Add($"{name}={value}");
        }

        return environment;
    }
}
