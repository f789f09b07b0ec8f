#!/bin/bash
# First logins of one user at once: one container, nobody is refused.
# shellcheck source=host.sh
. "$(dirname "$0")/host.sh"

count=$(scaled 200 20)
policy </dev/null
snapshot_take
kernel_mark
for round in 1 2 3; do
	# Each stays until all are in the same /tmp: with a second container nobody would ever leave.
	for _ in $(seq "$count"); do
		login alice sh -c "echo >>/tmp/in; until [ \$(wc -l </tmp/in) = $count ]; do sleep 0.2; done" &
	done
	wait
	none_refused "round $round: $count at once, in one container"
	wait_for 30 no_load_left
done
nothing_left "nothing is left" 20
kernel_same "the kernel keeps"
done_testing
