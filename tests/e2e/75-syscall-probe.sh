#!/bin/bash
# The probe of system calls, without any filter: it ends, hurts nothing and has a word on every
# number, as nobody and as root of a user namespace.  What 72-syscalls.sh compares rests on it.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

probes=/usr/libexec/pam_ctr-test
if [ ! -x $probes/syscalls ]; then
	skip "the probe" "it is for x86"
	done_testing
fi

# probe HOW ABI [CALL]...: in namespaces of its own, whose end takes along what it left behind
probe() {
	local program=$probes/syscalls
	[ "$2" != i386 ] || program=${program}32
	(cd / && timeout -k 2 150 setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all \
		unshare --user "--map-$1" --mount --pid --fork --kill-child --net --ipc --uts --cgroup \
		--mount-proc $program "${@:2}")
}

# x32's numbers are told without the bit that marks them, and the last has it.
numbers() {
	seq 0 699
	printf '%s\n' 1024 65536 1073741823 2147483648 3221225471
	[ "$1" = x32 ] || echo 4294967295
}

# answer FILE NUMBER: what came of it
answer() {
	awk -v number="$2" '$2 == number { print $3 }' "$1"
}

snapshot_take

for how in root-user current-user; do
	for abi in x86_64 x32 int80 i386; do
		table=$tap_dir/$how.$abi
		is "$how, $abi: it ends" "$(probe $how $abi 2>&1 >"$table"; echo $?)" 0
		is "$how, $abi: a line for each number" "$(awk -v abi=$abi \
			'$1 == abi && $3 ~ /^(done|ends|waits|errno=[0-9]+)$/ && NF == 9 { print $2 }' "$table")" "$(numbers $abi)"
	done
	# getpid, exit, pause, fork, vfork, read, execve, kill: by each word size's numbers
	for known in 39:done 60:ends 34:waits 57:done 58:done 0:errno=9 59:errno=14 62:errno=3 699:errno=38; do
		is "$how, x86_64: ${known%:*}" "$(answer "$tap_dir/$how.x86_64" "${known%:*}")" "${known#*:}"
	done
	for known in 20:done 1:ends 29:waits 2:done 190:done 3:errno=9 11:errno=14 37:errno=3 699:errno=38; do
		is "$how, int80: ${known%:*}" "$(answer "$tap_dir/$how.int80" "${known%:*}")" "${known#*:}"
	done
	is "$how: i386 and int80 get the same answers" \
		"$(diff <(cut -d' ' -f2- "$tap_dir/$how.int80") <(cut -d' ' -f2- "$tap_dir/$how.i386"))" ""
done

# chroot(2) wants a right before it looks at the path, setgroups(2) before the number.
is "missing rights show as nobody" "$(answer "$tap_dir/current-user.x86_64" 116)" errno=1
is "and do not as root of a user namespace" "$(answer "$tap_dir/root-user.x86_64" 155)" errno=14
is "arguments of one's own: as they were given" "$(probe current-user x86_64 0,-1,0x10,7 39)" \
	"x86_64 0 errno=9 ffffffffffffffff 10 7 0 0 0
x86_64 39 done 0 0 0 0 0 0"
like "with the rights of the host's root it does not start" "$($probes/syscalls x86_64 39 2>&1)" \
	"^syscalls: not with the rights"
nothing_left "nothing is left"
done_testing
