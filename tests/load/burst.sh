#!/bin/bash
# First logins of one user at once: one container, nobody is refused.
# shellcheck source=host.sh
. "$(dirname "$0")/host.sh"

count=$(scaled 200 20)
policy </dev/null
snapshot_take
kernel_mark
for round in 1 2 3; do
	for n in $(seq "$count"); do
		login alice sh -c 'readlink /proc/self/ns/pid >>/tmp/seen; sleep 2' &
	done
	inside() { [ "$(init_of alice)" ] && [ "$(ctrctl show alice --json | grep -c '"id"')" -gt 1 ]; }
	wait_for 60 inside
	is "round $round: there is one supervisor" "$(supervisors | wc -w)" 1
	wait
	none_refused "round $round: $count at once"
	wait_for 30 no_load_left
done
nothing_left "nothing is left" 20
kernel_same "the kernel keeps"
done_testing
