using System;
using System.Management.Automation;

namespace Isolation.Arguments;

/// <summary>Names of links as they are asked for, some of them with wildcards. A name that has brackets in it is taken as it is, too.</summary>
internal sealed class LinkPattern(string[] names)
{
    private readonly WildcardPattern[] _patterns = Array.ConvertAll(names, static name => WildcardPattern.Get(name, WildcardOptions.None));

    /// <summary>Whether a link is among them, and not by a wildcard.</summary>
    public bool Names(string link) => Array.IndexOf(names, link) >= 0;

    /// <summary>Whether a link is among them.</summary>
    public bool Takes(string link) => Names(link) || Array.Exists(_patterns, pattern => pattern.IsMatch(link));
}
