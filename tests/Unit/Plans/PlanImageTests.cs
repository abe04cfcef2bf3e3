using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using Isolation.Interop;
using Isolation.Plans;
using Xunit;

namespace Isolation.Tests.Plans;

/// <summary>A plan's image, read back as the walker reads it: loaded at an address of its own, its relocations applied.</summary>
public sealed unsafe class PlanImageTests
{
    [Fact]
    public void The_header_tells_where_everything_lies()
    {
        Plan plan = Sample();
        byte[] image = PlanImage.Compile(plan);
        PlanHeader header = MemoryMarshal.Read<PlanHeader>(image);
        Assert.Equal(PlanImage.Magic, header.Magic);
        Assert.Equal(image.Length, header.Size);
        Assert.Equal(plan.Steps.Count, header.StepCount);
        Assert.Equal(plan.Slots.Count, header.SlotCount);
        Assert.Equal(1, header.InputCount);
        Assert.Equal(-1, header.CgroupSlot);
        Assert.Equal(-1, header.ReportDescriptor);
        Assert.Equal(0, header.SlotOffset % 8);
        Assert.Equal(image.Length, header.RelocationOffset + (header.RelocationCount * 4));
    }

    [Fact]
    public void The_cgroup_of_birth_is_the_number_of_its_slot()
    {
        Plan plan = new("test");
        plan.Input("stdin");
        plan.BirthCgroup = plan.Input("cgroup");
        Assert.Equal(1, MemoryMarshal.Read<PlanHeader>(PlanImage.Compile(plan)).CgroupSlot);
    }

    [Fact]
    public void Steps_read_back_as_they_were_written()
    {
        using Loaded loaded = new(PlanImage.Compile(Sample()));

        PlanStepImage* open = loaded.Step(0);
        Assert.Equal((int)PlanOperation.Syscall, open->Operation);
        Assert.Equal(SyscallNumbers.openat, open->Number);
        Assert.Equal(1, open->Result);
        Assert.Equal(0, open->SlotMask);
        Assert.Equal(-100, open->Arguments[0]);
        Assert.Equal("/proc/self/uid_map", Loaded.Text(open->Arguments[1]));
        Assert.Equal((long)(OpenFlags.WriteOnly | OpenFlags.CloseOnExec), open->Arguments[2]);

        PlanStepImage* write = loaded.Step(1);
        Assert.Equal(0b1, write->SlotMask);
        Assert.Equal(1, write->Arguments[0]);
        Assert.Equal("0 1000 1", Loaded.Text(write->Arguments[1]));
        Assert.Equal(8, write->Arguments[2]);
        Assert.Equal(-1, write->Result);

        PlanStepImage* enter = loaded.Step(3);
        Assert.Equal(SyscallNumbers.setns, enter->Number);
        Assert.Equal(0b1, enter->SlotMask);
        Assert.Equal(0, enter->Arguments[0]);
        Assert.Equal((long)NamespaceType.Net, enter->Arguments[1]);

        // A null text is a null pointer, not the address of an empty string.
        PlanStepImage* mount = loaded.Step(4);
        Assert.Equal("none", Loaded.Text(mount->Arguments[0]));
        Assert.Equal(0, mount->Arguments[2]);
        Assert.Equal(0, mount->Arguments[4]);

        PlanStepImage* directory = loaded.Step(5);
        Assert.Equal(-1, directory->Ignored);
    }

    [Fact]
    public void Lists_of_strings_read_back_with_a_null_at_their_end()
    {
        using Loaded loaded = new(PlanImage.Compile(Sample()));
        PlanStepImage* exec = loaded.Step(6);
        Assert.Equal((int)PlanOperation.Exec, exec->Operation);
        Assert.Equal<IEnumerable<string>>(["/usr/bin/x", "/bin/x"], Loaded.List(exec->Arguments[0]));
        Assert.Equal<IEnumerable<string>>(["x", "", "gr\u00fcn \U0001f600", new string('y', 5000)], Loaded.List(exec->Arguments[1]));
        Assert.Equal<IEnumerable<string>>([], Loaded.List(exec->Arguments[2]));
    }

    [Fact]
    public void Every_address_is_in_the_list_of_relocations_and_nothing_else_is()
    {
        byte[] image = PlanImage.Compile(Sample());
        PlanHeader header = MemoryMarshal.Read<PlanHeader>(image);
        HashSet<int> places = [];
        for (int i = 0; i < header.RelocationCount; i++)
        {
            int place = BitConverter.ToInt32(image, header.RelocationOffset + (i * 4));
            Assert.True(places.Add(place));
            Assert.Equal(0, place % 8);
            Assert.InRange(BitConverter.ToInt64(image, place), header.SlotOffset, header.RelocationOffset - 1);
        }

        // Two plain strings, three of the mount and the directory, three lists and their six strings.
        Assert.Equal(2 + 3 + 3 + 6, header.RelocationCount);
    }

    [Fact]
    public void An_empty_plan_is_a_header_alone() => Assert.Equal(sizeof(PlanHeader), PlanImage.Compile(new Plan("nothing")).Length);

    private static Plan Sample()
    {
        Plan plan = new("test");
        PlanSlot net = plan.Input("net");
        plan.WriteFile("/proc/self/uid_map", "0 1000 1");
        plan.SetNs(net, NamespaceType.Net, "set 'web'");
        plan.Mount("none", "/", null, MountFlags.Private);
        plan.ChangeDirectory("/srv", mayFail: true);
        plan.Exec(["/usr/bin/x", "/bin/x"], ["x", "", "gr\u00fcn \U0001f600", new string('y', 5000)], []);
        return plan;
    }

    /// <summary>An image in memory of its own, as the agent loads it.</summary>
    private sealed class Loaded : IDisposable
    {
        private readonly byte* _block;

        public Loaded(byte[] image)
        {
            _block = (byte*)NativeMemory.Alloc((nuint)image.Length);
            image.CopyTo(new Span<byte>(_block, image.Length));
            PlanHeader* header = (PlanHeader*)_block;
            int* relocations = (int*)(_block + header->RelocationOffset);
            for (int i = 0; i < header->RelocationCount; i++)
            {
                *(long*)(_block + relocations[i]) += (long)_block;
            }
        }

        public PlanStepImage* Step(int index) => (PlanStepImage*)(_block + sizeof(PlanHeader)) + index;

        public static string Text(long address) => Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)address));

        public static List<string> List(long address)
        {
            List<string> items = [];
            for (long* entry = (long*)address; *entry != 0; entry++)
            {
                items.Add(Text(*entry));
            }

            return items;
        }

        public void Dispose() => NativeMemory.Free(_block);
    }
}
