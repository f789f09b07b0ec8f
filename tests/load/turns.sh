#!/bin/bash
# Logins of one user in turn: into one container that lives on, and each with a container of its own.
# shellcheck source=host.sh
. "$(dirname "$0")/host.sh"

count=$(scaled 1000)
policy </dev/null
snapshot_take
kernel_mark
hold alice
login alice true
supervisor=$(supervisors)
wait_for 5 test "$(ctrctl show alice | grep -c pam_caller)" = 0
fds=$(find "/proc/$supervisor/fd" -type l | wc -l)
rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$supervisor/status")
for _ in $(seq "$count"); do login alice true; done
none_refused "$count logins into one container"
is "one supervisor all the time" "$(supervisors)" "$supervisor"
has_fds() { [ "$(find "/proc/$supervisor/fd" -type l | wc -l)" -le "$fds" ]; }
succeeds "with no descriptor more" wait_for 5 has_fds
number "and its memory, $rss kB before" "$(awk '/^VmRSS/ { print $2 }' "/proc/$supervisor/status")" -le $((rss + 128))
release
wait_for 20 no_load_left
for _ in $(seq "$count"); do login bob true; done
none_refused "$count logins, most with a container of their own"
wait_for 20 no_load_left
nothing_left "nothing is left" 20
kernel_same "the kernel keeps"
done_testing
