using Isolation.Entry;

namespace Isolation.Plans;

/// <summary>The plan that gives a uts namespace other names.</summary>
internal static class UtsPlans
{
    /// <summary>Sets the names that are not null. Equivalent to <c>nsenter --uts hostname NAME</c>.</summary>
    public static Plan SetNames(OwnedNamespace uts, string set, string? hostName, string? domainName)
    {
        Plan plan = new($"name the host of set '{set}'");
        uts.Enter(plan);
        if (hostName is not null)
        {
            plan.SetHostName(hostName);
        }

        if (domainName is not null)
        {
            plan.SetDomainName(domainName);
        }

        plan.Exit();
        return plan;
    }
}
