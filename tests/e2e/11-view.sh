#!/bin/bash
# What a contained login sees, and what it no longer sees.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

echo host-secret >/tmp/of-the-host
echo host-secret >/var/tmp/of-the-host
echo host-secret >/dev/shm/of-the-host
sleep 300 &
sleeper=$!
wait_for 5 grep -q sleep "/proc/$sleeper/comm"
snapshot_take

processes=$(on alice 'ps -eo pid,user,args')
number "ps shows a handful of processes" "$(wc -l <<<"$processes")" -le 8
unlike "no process of the host's" "$processes" 'logsink|listener|sleep 300'
is "PID 1 is root's" "$(on alice 'stat -c %U /proc/1')" root
like "PID 1 is init" "$(on alice 'cat /proc/1/comm')" '^pam_ctr-init$'
for file in environ maps mem fd/0 exe root/etc cwd/etc; do
	fails "PID 1's $file is closed to the user" on alice "head -c1 /proc/1/$file 2>/dev/null || ls /proc/1/$file/"
done
is "a process of the host's is not there" "$(on alice "test -e /proc/$sleeper/stat && cat /proc/$sleeper/comm")" ""
is "only one procfs is mounted, counting by file system" \
	"$(on alice "grep -c ' - proc ' /proc/self/mountinfo")" "$(on alice "grep ' - proc ' /proc/self/mountinfo | grep -c ' /proc'")"

for file in /proc/kcore /proc/kmsg /proc/sysrq-trigger /proc/timer_list /proc/keys /proc/kpagecount; do
	[ -e "$file" ] || continue
	is "$file is masked" "$(timeout 5 ssh root@world true; on alice "head -c 64 $file 2>/dev/null | wc -c")" 0
done
# As the container's most powerful process sees it: root in its namespaces.
hold alice
inside=$(init_of alice)
like "init is found from the host" "$inside" '^[0-9]+$'
number "init has two pages of its own, in KiB" "$(awk '/^Private_Dirty/ { print $2 }' "/proc/$inside/smaps_rollup")" \
	-le $((2 * $(getconf PAGESIZE) / 1024))
in_view() {
	nsenter -t "$inside" -m -p -i -u "$@"
}
fails "even root inside cannot write /proc/sys" in_view sh -c 'echo x >/proc/sys/kernel/domainname'
fails "nor /proc/sysrq-trigger" in_view sh -c 'echo h >/proc/sysrq-trigger'
fails "nor /proc/irq" in_view sh -c 'f=$(ls /proc/irq/*/smp_affinity | head -1) && cat $f >$f'
fails "nor /sys" in_view sh -c 'echo 1 >/sys/kernel/profiling || mkdir /sys/fs/cgroup/pids/x /sys/fs/cgroup/x'
is "/sys is read-only" "$(on alice "awk '\$2 == \"/sys\" { print substr(\$4, 1, 2) }' /proc/mounts | tail -1")" ro
is "no writable cgroup file system" "$(on alice "awk '\$3 ~ /^cgroup/ && \$4 ~ /^rw/' /proc/mounts")" ""
like "the cgroup path is the container's own" "$(on alice 'cat /proc/self/cgroup')" ':/'
unlike "and names no uid of the host's tree" "$(on alice 'cat /proc/self/cgroup')" "$WORLD_CGROUP"

for directory in /tmp /var/tmp /dev/shm; do
	is "$directory is empty" "$(on alice "ls -A $directory | grep -v '^ssh-'")" ""
	is "$directory is 1777" "$(on alice "stat -c '%a %U' $directory")" "1777 root"
	like "$directory is nosuid,nodev" "$(on alice "awk '\$2 == \"$directory\" { o = \$4 } END { print o }' /proc/mounts")" 'nosuid.*nodev'
	on alice "echo mine >$directory/of-alice"
	is "a file in it outlives the session that wrote it" "$(on alice "cat $directory/of-alice")" mine
	is "and is not on the host" "$(ls $directory/of-alice 2>/dev/null)" ""
	is "nor bob's to see" "$(on bob "ls $directory/of-alice 2>/dev/null")" ""
done

is "/dev holds what it must, no more" "$(on alice 'ls /dev' | tr '\n' ' ' | sed 's/ $//')" \
	"fd full log null ptmx pts random shm stderr stdin stdout tty urandom zero"
is "the nodes are the right ones" "$(on alice 'cd /dev; stat -Lc "%n %t:%T" null zero full random urandom tty ptmx')" \
	"$(cd /dev && stat -Lc "%n %t:%T" null zero full random urandom tty ptmx)"
is "null, zero, urandom work" "$(on alice 'echo x >/dev/null && head -c3 /dev/zero /dev/urandom | wc -c >/dev/null && echo fine')" fine
is "the user can make no node there" "$(on alice 'mknod /dev/x c 1 3 2>/dev/null || touch /dev/x 2>/dev/null && echo made')" ""
is "pseudo terminals are the container's own" "$(on alice 'ls /dev/pts')" ptmx
like "script gets a terminal" "$(on alice "script -qec tty /dev/null </dev/null")" '^/dev/pts/0'

is "XDG_RUNTIME_DIR" "$(on alice 'echo $XDG_RUNTIME_DIR; stat -c "%a %U" $XDG_RUNTIME_DIR; touch $XDG_RUNTIME_DIR/x && echo writable')" \
	"/run/user/2001
700 alice
writable"
is "which is not on the host" "$(ls /run/user)" ""
is "hostname by default the host's" "$(on alice hostname)" worldhost
fails "which the user cannot change" on alice 'hostname elsewhere'
is "the supervisor's directory is hidden" "$(on alice 'ls -A /run/pam_ctr 2>/dev/null' | grep -v '^inside$')" ""
is "from the container's root, too" "$(in_view ls -A /run/pam_ctr 2>/dev/null | grep -v '^inside$')" ""
is "the kept homes are hidden" "$(on alice 'ls -A /var/lib/pam_ctr 2>/dev/null')" ""
is "oom_score_adj" "$(on alice 'cat /proc/self/oom_score_adj')" 0
is "System V memory is the container's own" "$(ipcmk -M 4096 >/dev/null; on alice 'ipcs -m | grep -c ^0x')" 0
ipcrm --all=shm
release
is "the host's /tmp is as it was" "$(cat /tmp/of-the-host /var/tmp/of-the-host /dev/shm/of-the-host | sort -u)" host-secret
nothing_left "nothing is left"
kill "$sleeper"

policy <<END
[default]
hostname = box-%u
[user bob]
hostname = fixed
END
is "hostname from the policy, with %u" "$(on alice hostname)" box-alice
is "or as it stands" "$(on bob 'uname -n')" fixed
is "the host's own stays" "$(hostname)" worldhost
wait_for 10 no_containers
done_testing
