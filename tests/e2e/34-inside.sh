#!/bin/bash
# What a user may try inside: programs that change users, and attacks on what holds the container.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

host=$(readlink /proc/self/ns/pid)
echo 'alice ALL=(ALL:ALL) NOPASSWD: ALL' >>/etc/sudoers
snapshot_take

hold alice
box=$(on alice 'readlink /proc/self/ns/pid')
init=$(init_of alice)

is "sudo inside works, and stays inside" "$(on alice 'sudo -n readlink /proc/self/ns/pid')" "$box"
is "sudo -u bob inside stays inside" "$(on alice 'sudo -n -u bob readlink /proc/self/ns/pid')" "$box"
su_out=$(expect -c 'set timeout 60; log_user 1; spawn -noecho ssh -tt alice@world su - bob -c "readlink\\ /proc/self/ns/pid"
	expect "assword:"; send "bob\r"; expect eof' 2>&1 | tr -d '\r')
like "su - bob inside works" "$su_out" 'pid:\['
like "and stays inside alice's container" "$su_out" "$(tr -d '[]' <<<"${box#pid:}")"
is "no container of bob's was made" "$(init_of bob)" ""
is "root by sudo is in alice's limits" "$(on alice 'sudo -n cat /proc/self/cgroup' | sort -u | wc -l)" "$(on alice 'cat /proc/self/cgroup' | sort -u | wc -l)"
is "su inside makes no supervisor" "$(supervisors | wc -l)" 1
is "scp, cron and the rest inside see no supervisor's socket" "$(on alice 'sudo -n ls -A /run/pam_ctr 2>/dev/null' | grep -v '^inside$')" ""

fails "nor can root inside take the mark of the inside away" on alice 'sudo -n rm -f /run/pam_ctr/inside 2>/dev/null && ! test -e /run/pam_ctr/inside'

for what in kill ptrace limit read-memory; do
	like "the user cannot $what PID 1" "$(on alice "/usr/libexec/pam_ctr-test/attempt $what 1")" '^E(PERM|ACCES)$'
done
like "setns by PID 1's links" "$(on alice '/usr/libexec/pam_ctr-test/attempt setns 1')" '^E(PERM|ACCES)$'
like "mount" "$(on alice '/usr/libexec/pam_ctr-test/attempt mount')" '^EPERM$'
like "umount" "$(on alice '/usr/libexec/pam_ctr-test/attempt umount')" '^EPERM$'
for signal in TERM INT HUP QUIT USR1 STOP KILL; do
	on alice "kill -$signal 1" 2>/dev/null
done
is "PID 1 is alive after all that" "$(init_of alice)" "$init"
on alice 'sudo -n kill -KILL 1; sudo -n kill -SEGV 1; sudo -n kill -STOP 1' 2>/dev/null
is "nor can root inside kill it" "$(init_of alice)" "$init"
like "the session goes on" "$(on alice 'echo on')" '^on$'
is "init holds no descriptor but what it needs" "$(find /proc/"$init"/fd -type l -printf '%l\n' | grep -vc '^/dev/null$\|^anon_inode:\|^socket:')" 0
is "init runs no thread" "$(find /proc/"$init"/task -mindepth 1 -maxdepth 1 | wc -l)" 1
like "init is not dumpable: its /proc files are root's" "$(on alice 'stat -c %U /proc/1/environ; cat /proc/1/environ 2>&1')" 'Permission denied'
number "init reaps orphans" "$(on alice 'for i in 1 2 3 4 5; do (sleep 0.1 & ); done; sleep 0.5; ps -eo stat= | grep -c Z')" -eq 0

# Nobody may make a caller outside believe that it is inside, nor the other way round.
fails "a user cannot make the mark of the inside on the host" plain alice 'mkdir -p /run/pam_ctr/2001 || touch /run/pam_ctr'
is "unshare, as a user, makes no inside" "$(plain alice "unshare -Ur sh -c 'mount -t tmpfs x /run 2>/dev/null; mkdir -p /run/pam_ctr; echo tried'" >/dev/null 2>&1; pam_caller --user bob --calls open,fork,close -- /bin/sh -c "test \$(readlink /proc/self/ns/pid) != '$host'" | tr '\n' ' ')" \
	"open: PAM_SUCCESS fork: 0 close: PAM_SUCCESS "

# Something of the user's own that looks like a container of ours: by name, arguments, namespaces.
plain alice 'cp /bin/sleep ~/pam_ctr-init; setsid unshare -Urpmf --mount-proc bash -c "exec -a pam_ctr-init ~/pam_ctr-init 600" >/dev/null 2>&1 </dev/null &'
wait_for 10 pgrep -u alice -x pam_ctr-init
posing=$(pgrep -u alice -x pam_ctr-init)
isnt "what has init's name and namespaces of its own is there" "$(readlink "/proc/$posing/ns/pid")" "$host"
isnt "and is not joined" "$(on alice 'readlink /proc/self/ns/pid')" "$(readlink "/proc/$posing/ns/pid")"
is "nor listed" "$(ctrctl list | grep -c alice)" 1
kill -KILL "$posing"
wait_for 10 bash -c "! kill -0 $posing 2>/dev/null"
rm /home/alice/pam_ctr-init

# A neighbour.
on bob 'sleep 60 >/dev/null 2>&1 & echo'
is "bob's processes are not to be seen" "$(on alice "ps -eo user= | grep -c '^bob'")" 0
is "no descriptor of the host's in any process" "$(on alice 'ls -l /proc/[0-9]*/fd 2>/dev/null' | grep -c '/sys/fs/cgroup\|/run/pam_ctr\|/var/lib/pam_ctr')" 0
is "no process of root's but PID 1 and sshd's own" "$(on alice 'ps -eo pid=,user=,comm=' | awk '$2 == "root" && $1 != 1' | wc -l)" 0
on bob 'pkill sleep'
release
wait_for 10 no_containers

# Places that the user writes, made hostile, while the container is built and taken down.
on alice 'rm -rf .ssh2; ln -s /etc .config; mkdir -p x; ln -s / x/root; mkfifo .profile2; chmod 0 x'
mkdir -p /home/alice/.trap
ln -sfn /etc /home/alice/.trap/etc
chown -h alice: /home/alice/.trap /home/alice/.trap/etc
etc=$(cd /etc && find . -type f -newer "$tap_dir/before" | sort)
for _ in 1 2 3; do on alice true; done
wait_for 10 no_containers
is "nothing in /etc was written through links" "$(cd /etc && find . -type f -newer "$tap_dir/before" | sort)" "$etc"
mv /home/alice/.ssh /home/alice/.ssh-real
ln -s /etc /home/alice/.ssh
pam_caller --user alice --calls open,fork,close -- /bin/sh -c 'ls .ssh/passwd /home/alice/.ssh/passwd >/dev/null 2>&1 && touch /home/alice/.ssh/x' >"$tap_dir/out" 2>&1
is "a .ssh that is a link gives no way into its target" "$(ls /etc/x 2>/dev/null)" ""
rm /home/alice/.ssh
mv /home/alice/.ssh-real /home/alice/.ssh
wait_for 10 no_containers
succeeds "the next good login works" on alice true
wait_for 10 no_containers
rm -rf /home/alice/.trap
nothing_left "nothing is left"
done_testing
