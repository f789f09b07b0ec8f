#!/bin/bash
# Many logins: 200 one after the other, 50 at once, and what is left of them.
# alone
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

all_in() { # NAME NUMBER: of those who said "in"; else what the others said, and the log
	local in
	in=$(cat "$tap_dir"/many.* | grep -c '^in-')
	if [ "$in" = "$2" ]; then
		ok "$1"
	else
		fail "$1" "got:    $in" "wanted: $2" "$(grep -hv '^in-' "$tap_dir"/many.* | sort | uniq -c)" \
			"$(log_since | grep -v 'session \(opened\|closed\)' | grep pam_ctr | tail -5)"
	fi
}

# Fifty at once take as long as fifty one after the other, on the slowest machine.
from=$SECONDS
for _ in 1 2 3; do on alice true; done
many=$((90 + (SECONDS - from) * 50))
wait_for 10 no_containers
snapshot_take
ptys=$(cat /proc/sys/kernel/pty/nr)
files=$(awk '{ print $1 }' /proc/sys/fs/file-nr)

bad=0
for n in $(seq 200); do
	[ "$(on alice "echo $n" 2>/dev/null)" = "$n" ] || bad=$((bad + 1))
done
is "200 logins one after the other: failed" "$bad" 0
wait_for 10 no_containers
nothing_left "nothing is left of them"

hold alice
supervisor=$(supervisors)
fds=$(find "/proc/$supervisor/fd" -type l | wc -l)
rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$supervisor/status")
for _ in $(seq 60); do
	on alice true
done
wait_for 5 test "$(find "/proc/$supervisor/fd" -type l | wc -l)" -le "$fds"
is "60 logins into one container: the supervisor is the same" "$(supervisors)" "$supervisor"
is "has no descriptor more" "$(find "/proc/$supervisor/fd" -type l | wc -l)" "$fds"
number "and hardly a page more (kB)" "$(awk '/^VmRSS/ { print $2 }' "/proc/$supervisor/status")" -le $((rss + 64))
release
wait_for 10 no_containers

log_mark
for n in $(seq 50); do
	LIMIT=$many on alice "echo in-$n; sleep 1" >"$tap_dir/many.$n" 2>&1 &
done
wait
all_in "50 at once: in" 50
wait_for 20 no_containers
rm -f "$tap_dir"/many.*
nothing_left "nothing is left of them" 20

for n in $(seq 16); do
	for user in alice bob carol; do
		LIMIT=$many on $user "echo in-$n" >"$tap_dir/many.$user.$n" 2>&1 &
	done
done
wait
all_in "16 of each of three users at once: in" 48
wait_for 20 no_containers
rm -f "$tap_dir"/many.*
nothing_left "nothing is left of them" 20
for _ in $(seq 10); do on_tty alice 'tty' >/dev/null; done
wait_for 10 no_containers
number "no pseudo terminal is left on the machine" "$(cat /proc/sys/kernel/pty/nr)" -le "$ptys"
number "no open file is left, give or take what others do" "$(awk '{ print $1 }' /proc/sys/fs/file-nr)" -le $((files + 2000))
done_testing
