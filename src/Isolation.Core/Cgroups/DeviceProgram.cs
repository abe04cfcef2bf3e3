using System.Collections.Generic;

namespace Isolation.Cgroups;

/// <summary>
/// A list of allowed devices as a program that the kernel runs at each open(2) and mknod(2) of a device in a cgroup of version 2, which has no files for it:
/// <c>BPF_PROG_TYPE_CGROUP_DEVICE</c>, bpf(2).
/// </summary>
internal static class DeviceProgram
{
    /// <summary>The most instructions that every kernel takes.</summary>
    public const int MostInstructions = 4096;

    // linux/bpf_common.h, linux/bpf.h: class | size or operation | source.
    private const byte LoadWord = 0x61;
    private const byte Move32 = 0xbc;
    private const byte And32 = 0x54;
    private const byte ShiftRight32 = 0x74;
    private const byte JumpIfNot = 0x55;
    private const byte Move = 0xb7;
    private const byte Exit = 0x95;

    // BPF_DEVCG_DEV_BLOCK and BPF_DEVCG_DEV_CHAR.
    private const int Block = 1;
    private const int Char = 2;

    /// <summary>The instructions; a device that no rule allows is refused.</summary>
    public static ulong[] Build(IReadOnlyList<DeviceRule> rules)
    {
        // struct bpf_cgroup_dev_ctx: the access in the upper half of the first word and the kind in the lower, major, minor. Register 1 points to it.
        List<ulong> code =
        [
            Instruction(LoadWord, 2, 1, 0, 0),
            Instruction(Move32, 3, 2, 0, 0),
            Instruction(And32, 2, 0, 0, 0xFFFF),
            Instruction(ShiftRight32, 3, 0, 0, 16),
            Instruction(LoadWord, 4, 1, 4, 0),
            Instruction(LoadWord, 5, 1, 8, 0),
        ];
        foreach (DeviceRule rule in rules)
        {
            List<(byte Register, int Value)> conditions = [];
            if (rule.Type != DeviceType.All)
            {
                conditions.Add((2, rule.Type == DeviceType.Block ? Block : Char));
            }

            if (rule.Major is uint major)
            {
                conditions.Add((4, (int)major));
            }

            if (rule.Minor is uint minor)
            {
                conditions.Add((5, (int)minor));
            }

            bool anyAccess = rule.Access == DeviceAccess.All;

            // Each jump leaves out what is left of this rule: the other conditions, the access, and the two instructions that allow.
            int left = conditions.Count + (anyAccess ? 0 : 3) + 2;
            foreach ((byte register, int value) in conditions)
            {
                left--;
                code.Add(Instruction(JumpIfNot, register, 0, left, value));
            }

            if (!anyAccess)
            {
                // Nothing may be asked for beside what is allowed.
                code.Add(Instruction(Move32, 1, 3, 0, 0));
                code.Add(Instruction(And32, 1, 0, 0, (int)(DeviceAccess.All & ~rule.Access)));
                code.Add(Instruction(JumpIfNot, 1, 0, 2, 0));
            }

            code.Add(Instruction(Move, 0, 0, 0, 1));
            code.Add(Instruction(Exit, 0, 0, 0, 0));
            if (anyAccess && conditions.Count == 0)
            {
                // The kernel refuses instructions that are never reached.
                return [.. code];
            }
        }

        code.Add(Instruction(Move, 0, 0, 0, 0));
        code.Add(Instruction(Exit, 0, 0, 0, 0));
        return [.. code];
    }

    // struct bpf_insn of a little-endian machine.
    private static ulong Instruction(byte operation, byte to, byte from, int offset, int value) =>
        operation | ((ulong)to << 8) | ((ulong)from << 12) | ((ulong)(ushort)offset << 16) | ((ulong)(uint)value << 32);
}
