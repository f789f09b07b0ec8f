#!/bin/bash
# perl: processes, pipes, signals, sockets, locks and System V's IPC.
# needs: perl
set -euo pipefail

cat >system.pl <<'END'
use strict; use warnings;
use Fcntl ':flock'; use Socket; use POSIX (); use IO::Select; use IO::Socket::INET;
use IPC::SysV qw(IPC_PRIVATE IPC_CREAT IPC_RMID S_IRUSR S_IWUSR);
$| = 1;
my $pid = open(my $child, '-|') // die "fork: $!";
if (!$pid) { print "from a child\n"; exit 3 }
print <$child>; close $child; print "status ", $? >> 8, "\n";
{ local $SIG{ALRM} = sub { die "alarm\n" }; alarm 1; eval { select undef, undef, undef, 20 }; print $@ }
socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!";
syswrite $a, "over a pair\n"; sysread $b, my $got, 100; print $got;
my $server = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', Proto => 'tcp') or die "listen: $@";
my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->sockport) or die "connect: $@";
my $peer = $server->accept; print $peer "over tcp\n"; $peer->flush; print scalar <$client>;
open my $lock, '>', 'lock' or die; flock $lock, LOCK_EX or die; print "locked\n";
my $kid = fork // die; if (!$kid) { open my $other, '>', 'lock'; exit(flock($other, LOCK_EX | LOCK_NB) ? 0 : 5) }
waitpid $kid, 0; print "the child was refused: ", $? >> 8, "\n";
my $queue = msgget IPC_PRIVATE, IPC_CREAT | S_IRUSR | S_IWUSR; defined $queue or die "msgget: $!";
msgsnd $queue, pack('l! a*', 1, 'by a queue'), 0 or die "msgsnd: $!"; msgrcv $queue, my $message, 100, 0, 0 or die;
print substr($message, length pack 'l!', 0), "\n"; msgctl $queue, IPC_RMID, 0;
my $memory = shmget IPC_PRIVATE, 4096, IPC_CREAT | S_IRUSR | S_IWUSR; defined $memory or die "shmget: $!";
shmwrite $memory, 'in shared memory', 0, 16 or die; shmread $memory, my $back, 0, 16 or die; print "$back\n";
shmctl $memory, IPC_RMID, 0;
$SIG{USR1} = sub { print "signal\n" }; kill USR1 => $$;
print join(' ', (POSIX::uname())[0]), "\n"; umask 077; mkdir 'd'; printf "%o\n", (stat 'd')[2] & 0777;
END
perl system.pl
