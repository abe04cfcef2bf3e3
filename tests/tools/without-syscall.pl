#!/usr/bin/perl
# Runs a program on a kernel that seems to lack system calls: a seccomp filter, which all that the program starts inherits, answers them with an
# error number. For tests of what the module does on older kernels. Needs perl-base alone.
#
#     without-syscall.pl RULE... -- PROGRAM [ARGUMENT...]
#
# RULE is one of
#     NAME              the call fails with ENOSYS
#     NAME:ERRNO        the call fails with this error
#     NAME[N&BITS]:ERRNO, NAME[N=VALUE]:ERRNO
#                       the call fails where its argument N, from 0, has one of the bits, or is the value; its lower 32 bits are looked at
#     after-4.18        every call that Linux 4.18, the oldest kernel that the module is for, does not have fails with ENOSYS
#
# Exit codes: the program's; 125 where the filter cannot be made; 127 where the program cannot be run.

use strict;
use warnings;
use Errno ();
use POSIX ();

my $machine = (POSIX::uname())[4];
my %audit = (x86_64 => 0xc000003e, aarch64 => 0xc00000b7);
my $audit = $audit{$machine} or refuse("this machine is an $machine; x86_64 and aarch64 are known");
my $arm = $machine eq 'aarch64';

# The numbers of asm/unistd_64.h and asm-generic/unistd.h. From 424 on they are the same; 424 is the first call after Linux 4.18 on both, but for
# kexec_file_load of aarch64.
my %number = (
    unshare => $arm ? 97 : 272,
    waitid => $arm ? 95 : 247,
    memfd_create => $arm ? 279 : 319,
    prctl => $arm ? 167 : 157,
    setns => $arm ? 268 : 308,
    mount => $arm ? 40 : 165,
    clone => $arm ? 220 : 56,
    ioctl => $arm ? 29 : 16,
    dup3 => $arm ? 24 : 292,
    chdir => $arm ? 49 : 80,
    setsid => $arm ? 157 : 112,
    setgroups => $arm ? 159 : 116,
    setresuid => $arm ? 147 : 117,
    setresgid => $arm ? 149 : 119,
    sethostname => $arm ? 161 : 170,
    setdomainname => $arm ? 162 : 171,
    pidfd_send_signal => 424,
    open_tree => 428,
    move_mount => 429,
    pidfd_open => 434,
    clone3 => 435,
    close_range => 436,
    openat2 => 437,
    pidfd_getfd => 438,
    faccessat2 => 439,
    epoll_pwait2 => 441,
    mount_setattr => 442,
);
my $first_after_floor = 424;

# Classic BPF over struct seccomp_data: number, architecture, instruction pointer, arguments of 64 bits (both machines are little-endian).
use constant { LOAD => 0x20, JEQ => 0x15, JGE => 0x35, JSET => 0x45, RET => 0x06, ALLOW => 0x7fff0000, ERROR => 0x00050000 };
my @program = (op(LOAD, 4), op(JEQ, $audit, 1, 0), op(RET, ALLOW));

my @rules;
push @rules, shift @ARGV while @ARGV && $ARGV[0] ne '--';
shift @ARGV;
@rules && @ARGV or refuse('usage: without-syscall.pl RULE... -- PROGRAM [ARGUMENT...]');
for my $rule (@rules) {
    if ($rule eq 'after-4.18') {
        push @program, op(LOAD, 0), op(JGE, $first_after_floor, 0, 1), op(RET, ERROR | Errno::ENOSYS());
        next;
    }

    $rule =~ /^(\w+)(?:\[([0-5])([&=])(0x[0-9a-f]+|\d+)\])?(?::(E\w+))?$/ or refuse("'$rule' is no rule");
    my ($name, $argument, $test, $value, $error) = ($1, $2, $3, $4, $5 // 'ENOSYS');
    my $call = $number{$name} // refuse("the number of '$name' is not known");
    my $answer = Errno->can($error) or refuse("'$error' is no error number");
    my @check = (op(RET, ERROR | $answer->()));
    if (defined $test) {
        unshift @check, op(LOAD, 16 + 8 * $argument), op($test eq '&' ? JSET : JEQ, $value =~ /^0x/ ? hex $value : $value, 0, 1);
    }

    push @program, op(LOAD, 0), op(JEQ, $call, 0, scalar @check), @check;
}

push @program, op(RET, ALLOW);

# Without privilege a process may filter only itself, and may gain none afterwards: prctl(2) PR_SET_NO_NEW_PRIVS, then PR_SET_SECCOMP,
# SECCOMP_MODE_FILTER. struct sock_fprog: the length, padding, the address.
my $filter = join '', @program;
my $head = pack 'S x![Q] P', scalar @program, $filter;
if ($> != 0) {
    syscall($number{prctl}, 38, 1, 0, 0, 0) == 0 or refuse("prctl(PR_SET_NO_NEW_PRIVS): $!");
}

syscall($number{prctl}, 22, 2, $head, 0, 0) == 0 or refuse("prctl(PR_SET_SECCOMP): $!");
exec { $ARGV[0] } @ARGV or do { print STDERR "without-syscall: $ARGV[0]: $!\n"; exit 127 };

sub op { my ($code, $k, $yes, $no) = @_; return pack 'S C C L', $code, $yes // 0, $no // 0, $k }

sub refuse { print STDERR "without-syscall: @_\n"; exit 125 }
