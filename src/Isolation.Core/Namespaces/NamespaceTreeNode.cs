using System.Collections.Generic;
using System.Text;

namespace Isolation;

/// <summary>A namespace in a tree of namespaces.</summary>
public sealed class NamespaceTreeNode : NamespaceInfo
{
    private NamespaceTreeNode? _above;
    private bool _isLast;

    internal NamespaceTreeNode(NamespaceInfo info) : base(info)
    {
    }

    /// <summary>How many namespaces are above it in the tree.</summary>
    public int Depth { get; private set; }

    /// <summary>Those right below it.</summary>
    public NamespaceTreeNode[] Children { get; private set; } = [];

    /// <summary>The lines that lead to it where the tree is drawn; empty for one that is below none.</summary>
    public string Branch
    {
        get
        {
            StringBuilder text = new();
            for (NamespaceTreeNode node = this; node._above is NamespaceTreeNode above; node = above)
            {
                text.Insert(0, (ReferenceEquals(node, this), node._isLast) switch
                {
                    (true, true) => "└─",
                    (true, false) => "├─",
                    (false, true) => "  ",
                    (false, false) => "│ ",
                });
            }

            return text.ToString();
        }
    }

    /// <summary>Takes others below it. Called from the top down.</summary>
    internal void Adopt(List<NamespaceTreeNode> children)
    {
        Children = [.. children];
        for (int i = 0; i < Children.Length; i++)
        {
            NamespaceTreeNode child = Children[i];
            (child._above, child._isLast, child.Depth) = (this, i == Children.Length - 1, Depth + 1);
        }
    }
}
