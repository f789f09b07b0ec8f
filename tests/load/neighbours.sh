#!/bin/bash
# Ten tenants run a fork bomb and fill their memory, inside their limits; root and another user log in by
# ssh meanwhile.  p95 is 2 s at most: what the manual promises of the host's staying up.
# shellcheck source=host.sh
. "$(dirname "$0")/host.sh"

logins=$(scaled 60 20)
add_users 10
policy <<END
[default]
pids.max = 100
memory.max = 64M
memory.swap.max = 0
tmp_size = 16M
shm_size = 16M
runtime_size = 16M
[user alice]
memory.max = 256M
END
# timed USER: milliseconds of a login by ssh; what failed took for ever
timed() {
	local start=${EPOCHREALTIME/./}
	on "$1" true 2>>"$tap_dir/failed" || { echo 60000; return; }
	echo $(((${EPOCHREALTIME/./} - start) / 1000))
}
measure() { # NAME
	local n
	for n in $(seq "$logins"); do
		timed root >>"$tap_dir/$1.root"
		timed alice >>"$tap_dir/$1.alice"
	done
}
rank() { # FILE PERCENT
	sort -n "$1" | awk -v percent="$2" '{ value[NR] = $1 } END { n = int(NR * percent / 100 + 0.999); print value[n < 1 ? 1 : n] }'
}
tell() { # NAME
	local who
	for who in root alice; do
		diag "$1, $who: median $(rank "$tap_dir/$1.$who" 50) ms, p95 $(rank "$tap_dir/$1.$who" 95) ms"
	done
}
# A container's own says "Memory cgroup out of memory".
outside() { dmesg | grep -c '[]] Out of memory: ' || true; }
killed_outside=$(outside)
measure quiet
tell quiet
for n in $(seq 10); do
	timeout -k 2 900 pam_caller --user "u$n" --calls open,fork,close -- sh -c '
		timeout 800 perl -e "fork while 1" &
		while :; do attempt memory 200; sleep 0.1; done' >/dev/null 2>&1 </dev/null &
done
# What the kernel counts: to look at 1000 processes in /proc takes minutes while their memory is fought for.
tasks() {
	local n
	for n in $(seq 10); do cat "$(cgroup_of "u$n" pids)/pids.current"; done 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }'
}
bombs() { [ "$(tasks)" -ge 800 ]; }
succeeds "ten fork bombs have all tasks that they may have" wait_for 120 bombs
measure loaded
tell loaded
is "no login failed" "$(cat "$tap_dir/failed" 2>/dev/null)" ""
for who in root alice; do
	number "$who, p95 in ms" "$(rank "$tap_dir/loaded.$who" 95)" -le 2000
done
is "nobody outside was killed for memory" "$(outside)" "$killed_outside"
for n in $(seq 10); do ctrctl kill "u$n" >/dev/null; done
wait
wait_for 60 no_load_left
is "they are all gone" "$(pgrep -c perl)" 0
done_testing
