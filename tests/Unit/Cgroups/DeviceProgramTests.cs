using System;
using System.Collections.Generic;
using Isolation.Cgroups;
using Xunit;

namespace Isolation.Tests.Cgroups;

/// <summary>The program for devices, run by an interpreter of the few instructions that it is made of, and the rules that it is made from.</summary>
public sealed class DeviceProgramTests
{
    private const int Block = 1;
    private const int Char = 2;

    [Theory]
    [InlineData("c 1:3 rwm", Char, 1u, 3u, DeviceAccess.All, true)]
    [InlineData("c 1:3 rwm", Char, 1u, 3u, DeviceAccess.Read, true)]
    [InlineData("c 1:3 rwm", Char, 1u, 5u, DeviceAccess.Read, false)]
    [InlineData("c 1:3 rwm", Char, 2u, 3u, DeviceAccess.Read, false)]
    [InlineData("c 1:3 rwm", Block, 1u, 3u, DeviceAccess.Read, false)]
    [InlineData("c 1:3 r", Char, 1u, 3u, DeviceAccess.Read, true)]
    [InlineData("c 1:3 r", Char, 1u, 3u, DeviceAccess.Write, false)]
    [InlineData("c 1:3 r", Char, 1u, 3u, DeviceAccess.Read | DeviceAccess.Write, false)]
    [InlineData("c 1:3 rw", Char, 1u, 3u, DeviceAccess.Make, false)]
    [InlineData("b 8:* rw", Block, 8u, 77u, DeviceAccess.Read | DeviceAccess.Write, true)]
    [InlineData("b *:* m", Block, 259u, 1048575u, DeviceAccess.Make, true)]
    [InlineData("b *:* m", Char, 259u, 1u, DeviceAccess.Make, false)]
    [InlineData("a *:* r", Char, 9u, 9u, DeviceAccess.Read, true)]
    [InlineData("a *:* r", Char, 9u, 9u, DeviceAccess.Make, false)]
    [InlineData("a", Block, 9u, 9u, DeviceAccess.All, true)]
    [InlineData("c 1:3 r|c 1:5 w", Char, 1u, 5u, DeviceAccess.Write, true)]
    [InlineData("c 1:3 r|c 1:3 w", Char, 1u, 3u, DeviceAccess.Write, true)]
    [InlineData("c 1:3 r|a|b 1:1 r", Block, 1u, 2u, DeviceAccess.Write, true)]
    [InlineData("", Char, 1u, 3u, DeviceAccess.Read, false)]
    public void A_device_is_allowed_where_a_rule_allows_all_that_is_asked_for(string rules, int kind, uint major, uint minor, DeviceAccess access, bool allowed)
    {
        List<DeviceRule> list = [];
        foreach (string text in rules.Split('|', StringSplitOptions.RemoveEmptyEntries))
        {
            Assert.True(DeviceRule.TryParse(text, out DeviceRule? rule));
            list.Add(rule!);
        }

        Assert.Equal(allowed, Run(DeviceProgram.Build(list), kind, major, minor, access));
    }

    [Theory]
    [InlineData("c 1:3 rwm", "c 1:3 rwm")]
    [InlineData("b 8:* r", "b 8:* r")]
    [InlineData("c *:* mr", "c *:* rm")]
    [InlineData(" c  1:3 ", "c 1:3 rwm")]
    [InlineData("a", "a *:* rwm")]
    [InlineData("a *:* rwm", "a *:* rwm")]
    [InlineData("c 1:3 x", null)]
    [InlineData("c 1:3 r w", null)]
    [InlineData("c 1", null)]
    [InlineData("c 1:", null)]
    [InlineData("c -1:3", null)]
    [InlineData("c 4294967296:3", null)]
    [InlineData("d 1:3", null)]
    [InlineData("a 1:3", null)]
    [InlineData("char 1:3", null)]
    [InlineData("", null)]
    public void Rules_are_read_as_the_kernel_writes_them(string text, string? rule)
    {
        Assert.Equal(rule is not null, DeviceRule.TryParse(text, out DeviceRule? parsed));
        Assert.Equal(rule, parsed?.ToString());
    }

    private static bool Run(ulong[] program, int kind, uint major, uint minor, DeviceAccess access)
    {
        ulong[] registers = new ulong[11];
        uint[] context = [(uint)kind | ((uint)access << 16), major, minor];
        for (int at = 0; at < program.Length; at++)
        {
            ulong word = program[at];
            int to = (int)((word >> 8) & 0xF);
            int from = (int)((word >> 12) & 0xF);
            int offset = (short)(word >> 16);
            int value = (int)(word >> 32);
            switch (word & 0xFF)
            {
                case 0x61: // load a word of the context, which register 1 points to until it is used for something else
                    registers[to] = context[offset / 4];
                    break;
                case 0xbc:
                    registers[to] = (uint)registers[from];
                    break;
                case 0x54:
                    registers[to] = (uint)registers[to] & (uint)value;
                    break;
                case 0x74:
                    registers[to] = (uint)registers[to] >> value;
                    break;
                case 0x55:
                    at += registers[to] != (ulong)value ? offset : 0;
                    break;
                case 0xb7:
                    registers[to] = (ulong)value;
                    break;
                case 0x95:
                    return registers[0] != 0;
                default:
                    Assert.Fail($"instruction {word:x}");
                    break;
            }
        }

        Assert.Fail("no end");
        return false;
    }
}
