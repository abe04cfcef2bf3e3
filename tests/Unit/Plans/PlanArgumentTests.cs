using System;
using System.Diagnostics;
using System.Linq;
using System.Text;
using Isolation.Interop;
using Isolation.Plans;
using Xunit;

namespace Isolation.Tests.Plans;

public sealed class PlanArgumentTests
{
    [Theory]
    [InlineData("", "\"\"")]
    [InlineData("plain", "\"plain\"")]
    [InlineData("a b", "\"a b\"")]
    [InlineData("say \"x\"", "\"say \\\"x\\\"\"")]
    [InlineData("back\\slash", "\"back\\\\slash\"")]
    [InlineData("a\nb\tc", "\"a\\nb\\tc\"")]
    [InlineData("\u001b[31m\r\u007f", "\"\\x1b[31m\\x0d\\x7f\"")]
    [InlineData("gr\u00fcn", "\"gr\u00fcn\"")]
    public void Text_is_quoted_as_strace_does(string text, string quoted) => Assert.Equal(quoted, PlanArgument.Quote(text));

    [Fact]
    public void A_string_argument_ends_with_a_NUL() => Assert.Equal([0x68, 0xc3, 0xbc, 0], PlanArgument.String("h\u00fc").Bytes);

    [Fact]
    public void A_null_string_is_shown_as_NULL() => Assert.Equal("NULL", PlanArgument.String(null).Text);

    [Theory]
    [InlineData(NamespaceType.None, "0")]
    [InlineData(NamespaceType.Uts, "CLONE_NEWUTS")]
    [InlineData(NamespaceTypes.Every, "CLONE_NEWUSER|CLONE_NEWNS|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWPID|CLONE_NEWNET|CLONE_NEWCGROUP|CLONE_NEWTIME")]
    public void Kinds_are_shown_by_the_kernels_names(NamespaceType types, string shown) => Assert.Equal(shown, PlanFlags.Show(types));

    [Fact]
    public void Flags_are_shown_by_the_kernels_names()
    {
        Assert.Equal("0", PlanFlags.Show(MountFlags.None));
        Assert.Equal("MS_REC|MS_PRIVATE", PlanFlags.Show(MountFlags.Private | MountFlags.Recursive));
        Assert.Equal("O_RDONLY", PlanFlags.Show(OpenFlags.ReadOnly));
        Assert.Equal("O_WRONLY|O_CREAT", PlanFlags.Show(OpenFlags.WriteOnly | OpenFlags.Create));
        Assert.Equal("O_RDWR", PlanFlags.Show(OpenFlags.ReadWrite));
    }

    [Fact]
    public void Every_flag_and_error_number_has_the_value_of_the_headers()
    {
        StringBuilder program = new("#define _GNU_SOURCE\n#include <errno.h>\n#include <fcntl.h>\n#include <linux/sched.h>\n#include <sys/mount.h>\n");
        foreach (NamespaceType type in NamespaceTypes.All)
        {
            program.Append($"_Static_assert({PlanFlags.Show(type)} == {(long)type}, \"{type}\");\n");
        }

        foreach (MountFlags flag in Enum.GetValues<MountFlags>().Where(flag => flag != MountFlags.None))
        {
            program.Append($"_Static_assert({PlanFlags.Show(flag)} == {(long)flag}, \"{flag}\");\n");
        }

        foreach (OpenFlags flag in Enum.GetValues<OpenFlags>())
        {
            program.Append($"_Static_assert(({PlanFlags.Show(flag)}) == {(long)flag}, \"{flag}\");\n");
        }

        foreach (Errno errno in Enum.GetValues<Errno>().Where(errno => errno != Errno.None))
        {
            program.Append($"_Static_assert({errno} == {(long)errno}, \"{errno}\");\n");
        }

        Assert.Equal("", Compile(program.ToString()));

        // That a wrong value would be noticed.
        Assert.Contains("static assertion failed", Compile(program.Replace("MS_NODEV == 4", "MS_NODEV == 5").ToString()), StringComparison.Ordinal);
    }

    // What the compiler says of a C program, of which nothing is kept; the compiler is needed to build the launcher anyway.
    private static string Compile(string program)
    {
        ProcessStartInfo start = new("gcc", ["-fsyntax-only", "-x", "c", "-"]) { RedirectStandardInput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C";
        using Process compiler = Process.Start(start)!;
        compiler.StandardInput.Write(program);
        compiler.StandardInput.Close();
        string said = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        return said;
    }
}
