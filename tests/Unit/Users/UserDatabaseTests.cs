using System;
using System.IO;
using System.Text;
using Isolation.Users;
using Xunit;

namespace Isolation.Tests.Users;

public sealed class UserDatabaseTests
{
    private static readonly UserDatabase s_users = UserDatabase.Parse(
        Encoding.UTF8.GetBytes(
            "root:x:0:0:root:/root:/bin/bash\n# comment:x:9:9::/:/bin/sh\n+nis:x:8:8::/:/bin/sh\n\nbroken\nweb:x:33:33:Web,,,:/var/www:/usr/sbin/nologin\n"
            + "toor:x:0:0:second of id 0:/:/bin/sh\nshort:x:50:60\nbad:x:1x:1::/:/bin/sh\nhuge:x:4294967296:1::/:/bin/sh\nlast:x:4294967294:65534:no line end:/:/bin/sh"),
        Encoding.UTF8.GetBytes("root:x:0:\nwww-data:x:33:\nshared:x:500:web,last\nadm:x:4:web, root\nbroken:x\n"));

    [Theory]
    [InlineData(0u, "root")]
    [InlineData(33u, "web")]
    [InlineData(50u, "short")]
    [InlineData(4294967294u, "last")]
    [InlineData(8u, "8")]
    [InlineData(9u, "9")]
    [InlineData(77u, "77")]
    public void An_id_has_the_first_name_given_to_it_or_its_digits(uint id, string name) => Assert.Equal(name, s_users.UserName(id));

    [Fact]
    public void A_user_is_found_by_name()
    {
        Assert.Equal(new UserEntry("web", 33, 33, "/var/www", "/usr/sbin/nologin"), s_users.User("web"));
        Assert.Equal(new UserEntry("short", 50, 60, string.Empty, string.Empty), s_users.User("short"));
        Assert.Null(s_users.User("bad"));
        Assert.Null(s_users.User("huge"));
        Assert.Null(s_users.User("WEB"));
    }

    [Fact]
    public void Groups_are_found_and_a_user_has_its_primary_one_first()
    {
        Assert.Equal("www-data", s_users.GroupName(33));
        Assert.Equal("123", s_users.GroupName(123));
        Assert.Equal(500u, s_users.Group("shared")!.GroupId);
        Assert.Equal([33u, 4u, 500u], s_users.GroupIdsOf(s_users.User("web")!));
        Assert.Equal([0u, 4u], s_users.GroupIdsOf(s_users.User("root")!));
    }

    [Fact]
    public void Under_a_root_without_the_files_there_is_nobody()
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory("isolation-users-");
        try
        {
            Assert.Equal("0", UserDatabase.Load(root.FullName).UserName(0));
            root.CreateSubdirectory("etc");
            File.WriteAllText(Path.Combine(root.FullName, "etc/passwd"), "me:x:0:0::/:\n");
            Assert.Equal("me", UserDatabase.Load(root.FullName).UserName(0));
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_hosts_users_are_read_once()
    {
        Assert.Same(UserDatabase.Host, UserDatabase.Host);
        Assert.Equal("root", UserDatabase.Host.UserName(0));
    }
}
