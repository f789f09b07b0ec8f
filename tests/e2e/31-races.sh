#!/bin/bash
# Logins that meet: two first ones at once, one during the teardown, one during a kill.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

snapshot_take
for round in 1 2 3; do
	for n in 1 2 3 4 5 6; do
		on alice 'readlink /proc/self/ns/pid; sleep 1.5' >"$tap_dir/first.$n" 2>&1 &
	done
	wait
	is "six first logins at once, round $round: all in" "$(cat "$tap_dir"/first.* | grep -c 'pid:')" 6
	is "one container, round $round" "$(cat "$tap_dir"/first.* | sort -u | wc -l)" 1
	wait_for 10 no_containers
done
nothing_left "nothing is left"

# While one login's policy is read, those behind it must not take the supervisor for stopped.
hold alice
supervisor=$(supervisors)
kill -STOP "$supervisor"
burst 2001 100 >"$tap_dir/burst" 2>&1 &
asked=$!
wait_for 10 grep -q asked "$tap_dir/burst"
kill -CONT "$supervisor"
wait "$asked"
is "100 ask a supervisor at once: all are greeted before the first is heard" "$(tail -n 1 "$tap_dir/burst")" "late: 0"
release
wait_for 10 no_containers

# Each login ends the container, and the next comes while it is torn down.
policy <<END
[default]
logout = kill
grace = 1
END
bad=0
for round in $(seq 40); do
	pam_caller --user alice --calls open,fork,close -- /bin/true >"$tap_dir/out" 2>&1
	[ "$(tr '\n' ' ' <"$tap_dir/out")" = "open: PAM_SUCCESS fork: 0 close: PAM_SUCCESS " ] || {
		bad=$((bad + 1))
		diag "round $round" "$(cat "$tap_dir/out")"
	}
done
is "40 logins, each on the heels of a logout: refused" "$bad" 0
wait_for 10 no_containers
nothing_left "nothing is left"

# Two callers, out of step with each other.
racer() {
	local n
	for n in $(seq 25); do
		pam_caller --user alice --calls open,fork,close -- /bin/true 2>&1
	done >"$tap_dir/racer.$1"
}
racer 1 &
racer 2 &
racer 3 &
wait
is "75 logins by three racers: opened" "$(cat "$tap_dir"/racer.* | grep -c '^open: PAM_SUCCESS')" 75
is "and every command ran" "$(cat "$tap_dir"/racer.* | grep -c '^fork: 0$')" 75
wait_for 10 no_containers
nothing_left "nothing is left"

# A kill while a login opens: it is refused, or lands in a container; then all is well.
policy </dev/null
out=0
for round in $(seq 15); do
	on alice 'readlink /proc/self/ns/pid' >"$tap_dir/killed" 2>/dev/null &
	login=$!
	ctrctl kill alice >/dev/null 2>&1
	ctrctl kill alice >/dev/null 2>&1 &
	wait "$login" $!
	grep -q "$(readlink /proc/self/ns/pid | tr -d '[]' | cut -d: -f2)" "$tap_dir/killed" && out=$((out + 1))
done
is "15 logins during ctrctl kill: shells outside" "$out" 0
wait_for 10 no_containers
succeeds "the next login works" on alice true
wait_for 10 no_containers
nothing_left "nothing is left"

# The policy is replaced while logins run: each sees the old or the new one, whole.
(
	for n in $(seq 30); do
		POLICY_HOST="# $n" policy <<<"[default]
hostname = box-$((n % 2))"
	done
) &
writer=$!
for n in 1 2 3 4 5 6 7 8; do
	on bob hostname
	wait_for 10 no_containers
done >"$tap_dir/names" 2>&1
wait "$writer"
is "a policy replaced under logins refuses none" "$(grep -cE '^(box-[01]|worldhost)$' "$tap_dir/names")" 8
wait_for 10 no_containers
# A hundred at once: what is set for each login, by two keys that go together.
halves=("022 500" "077 600")
write_half() { # N
	read -r mask files <<<"${halves[$(($1 % 2))]}"
	policy <<-END
		[default]
		umask = $mask
		rlimit.nofile = $files
	END
}
write_half 0
hold alice
touch "$tap_dir/halves"
(
	n=0
	while [ -e "$tap_dir/halves" ]; do write_half $((n++)); done
) &
writer=$!
callers=()
for n in $(seq 100); do
	timeout 60 pam_caller --calls open,fork,close -- /bin/sh -c 'echo "$(umask) $(ulimit -n)"' >"$tap_dir/half.$n" 2>&1 &
	callers+=($!)
done
wait "${callers[@]}"
rm "$tap_dir/halves"
wait "$writer"
is "100 logins at once under a policy that is replaced: in" "$(cat "$tap_dir"/half.* | grep -c '^open: PAM_SUCCESS')" 100
is "each sees one policy, whole" "$(grep -hvE '^(0022 500|0077 600|(open|close): PAM_SUCCESS|fork: 0)$' "$tap_dir"/half.*)" ""
is "and both are seen" "$(cat "$tap_dir"/half.* | grep -E '^00' | sort -u | wc -l)" 2
release
wait_for 10 no_containers
nothing_left "nothing is left"
done_testing
