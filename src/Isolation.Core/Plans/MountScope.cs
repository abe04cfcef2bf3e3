using System.Collections.Generic;

namespace Isolation.Plans;

/// <summary>What a plan about mounts enters before it does anything.</summary>
/// <param name="Target">For titles and errors: <c>set 'web'</c>, <c>process 42</c>.</param>
/// <param name="Types">The kinds; a descriptor of each is passed with the plan, in the order of <see cref="ProcessPlans.Order"/>.</param>
/// <param name="HasRoot">A process' root folder is passed after those; paths begin there.</param>
/// <param name="FileUser">As whom files are reached where the user namespace has no root; null for the caller. It is a host's root that must not be led to its own files.</param>
internal sealed record MountScope(string Target, NamespaceType Types, bool HasRoot, uint? FileUser = null);

/// <summary>A plan that is being made, where it has entered the scope.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Slots">The namespaces' slots, in the order of entry.</param>
/// <param name="Root">The root's slot, where one is passed.</param>
internal sealed record ScopedPlan(Plan Plan, IReadOnlyList<(NamespaceType Type, PlanSlot Slot)> Slots, PlanSlot? Root);
