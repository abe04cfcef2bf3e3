using System.Collections.Generic;
using System.Text;

namespace Isolation.Agent;

/// <summary>A process that ends with the agent.</summary>
/// <param name="Pid">The process; 0 while its plan is walked.</param>
/// <param name="Title">What it was started for, verb and object: the title of its plan.</param>
internal readonly record struct AttachedProcess(int Pid, string Title);

/// <summary>An agent that ended without being told to, and what ended with it.</summary>
/// <param name="Pid">Its process.</param>
/// <param name="Reason">How it was noticed, and its last words.</param>
/// <param name="Ended">The processes that were attached to it.</param>
internal sealed record AgentLoss(int Pid, string Reason, IReadOnlyList<AttachedProcess> Ended)
{
    private const int Named = 5;

    /// <summary>The text of the warning.</summary>
    /// <param name="restart">What became of starting another, a sentence.</param>
    public string Describe(string restart)
    {
        StringBuilder text = new($"The agent, process {Pid}, which works in namespaces for this PowerShell, was lost: {Reason}");
        text.Append(Reason.EndsWith('.') ? " " : ". ");
        if (Ended.Count == 0)
        {
            text.Append("Nothing that was attached to it ran. ");
        }
        else
        {
            text.Append("With it ended what was attached to it: ");
            for (int i = 0; i < Ended.Count && i < Named; i++)
            {
                text.Append(i == 0 ? "" : ", ").Append($"process {Ended[i].Pid} ({Ended[i].Title})");
            }

            text.Append(Ended.Count > Named ? $" and {Ended.Count - Named} more. " : ". ");
        }

        return text.Append("Named sets and programs started with -Detach go on, but the exit codes of those that run are not learned any more. ").Append(restart).ToString();
    }
}
