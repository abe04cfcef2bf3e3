using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;

namespace Isolation.Plans;

/// <summary>The head of an image. The agent fills in the fields that only it knows before it forks.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PlanHeader
{
    /// <summary><see cref="PlanImage.Magic"/>.</summary>
    public int Magic;

    public int StepCount;

    /// <summary>Where the slots begin, from the image's start.</summary>
    public int SlotOffset;

    public int SlotCount;

    /// <summary>How many of the slots the caller's descriptors fill.</summary>
    public int InputCount;

    public int RelocationOffset;

    public int RelocationCount;

    public int Size;

    /// <summary>The child's end of the socket to the agent.</summary>
    public int ReportDescriptor;

    /// <summary>The agent's own pidfd, which tells its end; -1 on kernels without (before 5.3).</summary>
    public int AgentDescriptor;

    /// <summary>A directory of cgroup v2 into which the child is born, or -1.</summary>
    public int CgroupSlot;

    /// <summary>Where the agent's own arguments lie, for <see cref="PlanOperation.SetTitle"/>.</summary>
    public long TitleAddress;

    public long TitleLength;
}

/// <summary>A step as it lies in the image.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PlanStepImage
{
    public int Operation;

    public int Number;

    /// <summary>The slot for the result, or -1.</summary>
    public int Result;

    public int Ignored;

    /// <summary>A bit for each argument that is the number of a slot.</summary>
    public int SlotMask;

    public int Reserved;

    public fixed long Arguments[6];
}

/// <summary>
/// A plan laid out as one block of bytes that can lie anywhere in memory: header, steps, slots, data, and a list of the places that hold an address
/// and to which the block's own address must be added.
/// </summary>
internal static class PlanImage
{
    /// <summary>Marks an image of this layout; it changes with the layout.</summary>
    public const int Magic = 0x504c4e32;

    /// <summary>The number under which a child reports that it could not move itself into the control group in which it should have been born.</summary>
    public const int JoinStep = -2;

    private static readonly unsafe int s_headerSize = sizeof(PlanHeader);
    private static readonly unsafe int s_stepSize = sizeof(PlanStepImage);

    public static byte[] Compile(Plan plan)
    {
        int slotOffset = s_headerSize + (plan.Steps.Count * s_stepSize);
        int dataOffset = slotOffset + (plan.Slots.Count * 8);
        MemoryStream data = new();
        List<int> relocations = [];
        // Bytes that are an argument of two steps lie there once: what the one writes, the other reads.
        Dictionary<byte[], int> placed = new(ReferenceEqualityComparer.Instance);
        byte[] head = new byte[dataOffset];

        for (int i = 0; i < plan.Steps.Count; i++)
        {
            PlanStep step = plan.Steps[i];
            int at = s_headerSize + (i * s_stepSize);
            PlanStepImage image = new()
            {
                Operation = (int)step.Operation,
                Number = step.Number,
                Result = step.Result?.Index ?? -1,
                Ignored = step.Ignored,
            };
            for (int n = 0; n < step.Arguments.Count; n++)
            {
                PlanArgument argument = step.Arguments[n];
                unsafe
                {
                    switch (argument.Kind)
                    {
                        case PlanArgumentKind.Slot:
                            image.SlotMask |= 1 << n;
                            image.Arguments[n] = argument.Number;
                            break;
                        case PlanArgumentKind.Pointer:
                            if (!placed.TryGetValue(argument.Bytes!, out int place))
                            {
                                place = placed[argument.Bytes!] = AppendBytes(data, argument.Bytes!);
                            }

                            image.Arguments[n] = dataOffset + place;
                            relocations.Add(at + 24 + (n * 8));
                            break;
                        case PlanArgumentKind.PointerList:
                            image.Arguments[n] = dataOffset + AppendList(data, dataOffset, argument.Strings!, relocations);
                            relocations.Add(at + 24 + (n * 8));
                            break;
                        default:
                            image.Arguments[n] = argument.Number;
                            break;
                    }
                }
            }

            MemoryMarshal.Write(head.AsSpan(at), in image);
        }

        Align(data);
        int relocationOffset = dataOffset + (int)data.Length;
        byte[] whole = new byte[relocationOffset + (relocations.Count * 4)];
        PlanHeader header = new()
        {
            Magic = Magic,
            StepCount = plan.Steps.Count,
            SlotOffset = slotOffset,
            SlotCount = plan.Slots.Count,
            InputCount = plan.Inputs,
            RelocationOffset = relocationOffset,
            RelocationCount = relocations.Count,
            Size = whole.Length,
            ReportDescriptor = -1,
            CgroupSlot = plan.BirthCgroup?.Index ?? -1,
        };
        MemoryMarshal.Write(head.AsSpan(), in header);
        head.CopyTo(whole, 0);
        data.GetBuffer().AsSpan(0, (int)data.Length).CopyTo(whole.AsSpan(dataOffset));
        for (int i = 0; i < relocations.Count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(whole.AsSpan(relocationOffset + (i * 4)), relocations[i]);
        }

        return whole;
    }

    private static int AppendBytes(MemoryStream data, ReadOnlySpan<byte> bytes)
    {
        Align(data);
        int offset = (int)data.Length;
        data.Write(bytes);
        return offset;
    }

    // The strings first, then the array of their addresses with a null at its end.
    private static int AppendList(MemoryStream data, int dataOffset, IReadOnlyList<byte[]> strings, List<int> relocations)
    {
        int[] offsets = new int[strings.Count];
        for (int i = 0; i < strings.Count; i++)
        {
            offsets[i] = (int)data.Length;
            data.Write(strings[i]);
        }

        Align(data);
        int array = (int)data.Length;
        Span<byte> entry = stackalloc byte[8];
        foreach (int offset in offsets)
        {
            relocations.Add(dataOffset + (int)data.Length);
            BinaryPrimitives.WriteInt64LittleEndian(entry, dataOffset + offset);
            data.Write(entry);
        }

        entry.Clear();
        data.Write(entry);
        return array;
    }

    private static void Align(MemoryStream data)
    {
        while (data.Length % 8 != 0)
        {
            data.WriteByte(0);
        }
    }
}
