#!/bin/bash
# Ways out of a sealed container: as its user, and as an attacker who took over the PAM caller
# (sshd's monitor), which is the container's root with all its capabilities.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

base=200100000 # alice's first subordinate id
escape=/usr/libexec/pam_ctr-test/escape
rm /etc/pam_ctr.conf.d/00-profile.conf
policy </dev/null

# By content and owner, all that an attacker could change; not what a login itself changes.
host_tree() {
	local at=(/etc /usr/sbin /usr/libexec /home /root /srv /mnt /var /run /dev)
	find "${at[@]}" -xdev ! -path "$WORLD_REPO/*" ! -path '/var/lib/pam_ctr/2*' ! -path '/var/log/*' ! -path '/run/pam_ctr*' \
		! -path /run/utmp ! -path '/dev/pts*' \( -type f -exec sha256sum {} + -o -true \)
	find "${at[@]}" /tmp /var/tmp /dev/shm -xdev ! -path "$WORLD_REPO/*" ! -path '/var/lib/pam_ctr/2*' ! -path '/var/log/*' \
		! -path '/run/pam_ctr*' ! -path /run/utmp ! -path '/dev/pts*' ! -path '/tmp/tap.*' -printf '%p %y %m %U %G %l\n'
	getcap -r /etc /usr/sbin /usr/libexec /home /srv 2>/dev/null
	cat /proc/sys/kernel/{core_pattern,hostname,domainname} /proc/sys/user/max_user_namespaces
	ip link
}

# Bob, a neighbour with something of each kind.
hold bob
neighbour=$(on bob 'echo of-bob >/tmp/of-bob; chmod 777 /tmp/of-bob; ipcmk -M 4096 -p 0666 >/dev/null; readlink /proc/self/ns/pid')
on bob 'sleep 600 >/dev/null 2>&1 &'
exec {bob_out}<&"$held_out" {bob_in}>&"$held_in"
bob=$held
exec {held_out}<&- {held_in}>&-
hold alice
init=$(init_of alice)
host_tree >"$tap_dir/tree.before" 2>/dev/null
cp /proc/1/mountinfo "$tap_dir/mounts.before"

# --- ways out -------------------------------------------------------------------------------------

refused() { # NAME COMMAND...: every attempt was made, and none done
	local out tried
	out=$("${@:2}" 2>&1)
	tried=$(sed -n 's/^tried //p' <<<"$out")
	number "$1: many ways are tried" "${tried:-0}" -gt 100
	is "$1: an answer for each" "$(grep -c ': E[A-Z0-9]*$' <<<"$out")" "${tried:-0}"
	unlike "$1: none leads out" "$out" ': (done|killed)$'
}
refused "user" on alice "$escape attempts"
refused "caller" "$escape" --as alice attempts
is "PID 1 is as it was" "$(init_of alice) $(on alice 'ulimit -t')" "$init unlimited"
is "its limits, too" "$(awk '/^Max cpu time/ { print $4, $5 }' "/proc/$init/limits")" "unlimited unlimited"
# The attempts can succeed: the same by a user who is root of namespaces of his own.
out=$(setpriv --reuid carol --regid carol --clear-groups unshare -Urm --propagation slave "$escape" attempts 2>&1)
for name in 'write max_user_namespaces' 'mount a tmpfs' 'make a user namespace' 'enter the own mount namespace'; do
	like "elsewhere it is done: $name" "$out" "^$name: done"
done
is "the host's root does not try" "$("$escape" attempts >/dev/null 2>&1; echo $?)" 3

# --- what can be written ------------------------------------------------------------------------------

# All that is writable and on a file system of the host's, told by device number.
host_devices=$(awk '{ split($3, n, ":"); print n[1] * 256 + n[2] % 256 + int(n[2] / 256) * 1048576 }' /proc/1/mountinfo | sort -un | tr '\n' ' ')
writable='find / \( -path "/proc/[0-9]*" -o -path /proc/self -o -path /proc/thread-self \) -prune -o ! -type l -writable -printf "%D %p\n" 2>/dev/null'
of_the_host() {
	awk -v devices="$host_devices" 'BEGIN { split(devices, d, " "); for (i in d) host[d[i]] = 1 } $1 in host { print $2 }' | sort | tr '\n' ' '
}
LIMIT=100 on alice "$writable" >"$tap_dir/writable.user"
"$escape" --as alice run sh -c "$writable" >"$tap_dir/writable.root"
like "the walk sees the home" "$(cat "$tap_dir/writable.user")" ' /home/alice$'
like "and .ssh, as on the host's disk" "$(of_the_host <"$tap_dir/writable.user")" ' /home/alice/.ssh '
known() { # what may be written of the host's: .ssh, the log's socket, and /dev/null, which masks are
	tr ' ' '\n' | grep -vxF "$(printf '%s\n' /dev/log /home/alice/.ssh /home/alice/.ssh/authorized_keys \
		/proc/{kcore,keys,latency_stats,sched_debug,timer_list})" | grep . | tr '\n' ' '
}
is "the user can write nothing else of the host's" "$(of_the_host <"$tap_dir/writable.user" | known)" ""
is "nor can the caller" "$(of_the_host <"$tap_dir/writable.root" | known)" ""
# Pressure is watched by whoever wants to, by writing how much of it to be told of.
is "nor anything of the kernel's" "$(grep -hE ' /(proc|sys)/' "$tap_dir"/writable.{user,root} | sed 's/^[0-9]* //' |
	sort -u | tr '\n' ' ' | known | tr ' ' '\n' | grep -vE '^/sys/fs/cgroup$|^/proc/pressure/|^$')" ""

# --- ids ------------------------------------------------------------------------------------------------

"$escape" --as alice ids /home/alice/.ssh >"$tap_dir/ids"
like "the caller makes files on the host's disk" "$(cat "$tap_dir/ids")" '^to 2002: made'
is "whatever id it takes or gives them, they are of its own range" \
	"$(find /home/alice/.ssh -name '[bt][yo]-*' -printf '%U %G\n' | awk -v base=$base '$1 < base || $1 > base + 65535 || $2 < base || $2 > base + 65535')" ""
number "which are some" "$(find /home/alice/.ssh -name '[bt][yo]-*' | wc -l)" -ge 4
find /home/alice/.ssh -name '[bt][yo]-*' -delete
mkfifo "$tap_dir/quiet"
"$escape" --as alice groups <>"$tap_dir/quiet" > >(exec cat >"$tap_dir/groups") 2>&1 &
caller=$!
wait_for 10 grep -q ready "$tap_dir/groups"
child=$(pgrep -P "$caller" -x escape)
is "of all groups it has the user's and tty's, all others are nobody's" \
	"$(awk -v base=$base '/^Groups:/ { for (i = 2; i <= NF; i++) if ($i < base || $i > base + 65535) print $i }' "/proc/$child/status" | tr '\n' ' ')" \
	"5 2001 2100 2101 "
number "and that is many" "$(awk '/^Groups:/ { print NF }' "/proc/$child/status")" -gt 60000
is "bob's id inside is not bob's" "$(awk '/^Uid:/ { print $2 }' "/proc/$child/status")" $((base + 2002))
fails "it can't signal what is bob's" setpriv --reuid $((base + 2002)) --clear-groups kill -0 "$(pgrep -u bob -x sleep)"
kill "$child"
wait "$caller" 2>/dev/null

# --- the user's processes outside -------------------------------------------------------------------------

inside=$(pgrep -u alice -x cat)
is "the user namespace is nobody's of the host" "$(python3 -c '
import fcntl, os, struct, sys
NS_GET_OWNER_UID = 0xb704
space = os.open(f"/proc/{sys.argv[1]}/ns/user", os.O_RDONLY)
print(*struct.unpack("I", fcntl.ioctl(space, NS_GET_OWNER_UID, struct.pack("I", 99))))' "$inside")" $(((1 << 31) + base))
for way in "nsenter -U -t $inside true" "nsenter -m -t $inside true" "nsenter -p -t $inside true" "strace -p $inside" "ls /proc/$inside/root/" \
	"ls /proc/$inside/cwd/" "cat /proc/$inside/environ" "cat /proc/$inside/maps" "cat /proc/$inside/fd/0"; do
	fails "the same user, outside: ${way/$inside/PID}" plain alice "timeout 5 $way </dev/null"
done

# --- others -----------------------------------------------------------------------------------------------

for who in user caller; do
	in_there=(on alice)
	[ $who = user ] || in_there=("$escape" --as alice run sh -c)
	is "$who: sees no process of bob's" "$("${in_there[@]}" 'ps -eo uid= | grep -c 2002')" 0
	is "$who: nor files, nor IPC objects" "$("${in_there[@]}" 'ls /tmp/of-bob /run/user/2002 2>/dev/null; ipcs -m | grep -c ^0x')" 0
	is "$who: nor a supervisor's socket or record" "$("${in_there[@]}" 'find /run/pam_ctr /var/lib/pam_ctr -mindepth 1 2>/dev/null' | grep -vx /run/pam_ctr/inside)" ""
	is "$who: no descriptor of a process of alice's leads out" \
		"$("${in_there[@]}" 'find /proc/[0-9]*/fd /proc/[0-9]*/cwd /proc/[0-9]*/root -maxdepth 1 -type l -printf "%l\n" 2>/dev/null' | grep -E '^/(sys/fs/cgroup|run/pam_ctr|var/lib/pam_ctr|tmp/tap)')" ""
done
is "user: shadow and the host's keys are closed" "$(on alice 'cat /etc/shadow /etc/ssh/ssh_host_ed25519_key /root/.ssh/id_ed25519 /home/bob/.profile 2>/dev/null | wc -c')" 0
# sshd's own process for the user, before the shell: the user's, but not to be traced.
is "user: no process but one's own can be traced" "$(on alice 'for p in /proc/[0-9]*; do
		[ "$(stat -c %u "$p")" = 2001 ] || { cat "$p/environ" "$p/maps" 2>/dev/null; ls "$p/fd" 2>/dev/null; }; done')" ""
host_tree >"$tap_dir/tree.after" 2>/dev/null
number "the host's tree is looked at" "$(wc -l <"$tap_dir/tree.before")" -gt 1000
is "after all this it is as it was" "$(diff "$tap_dir/tree.before" "$tap_dir/tree.after" | grep '^[<>]')" ""
is "so are its mounts" "$(diff "$tap_dir/mounts.before" /proc/1/mountinfo)" ""
is "and bob's container" "$(on bob 'readlink /proc/self/ns/pid; cat /tmp/of-bob; pgrep -c sleep')" "$neighbour
of-bob
1"
release
on bob 'pkill sleep; ipcrm --all=shm'
held=$bob held_in=$bob_in held_out=$bob_out
release
wait_for 10 no_containers
done_testing
