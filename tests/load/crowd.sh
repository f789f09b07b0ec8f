#!/bin/bash
# Many users, four logins each, all at the same time, and again.
# shellcheck source=host.sh
. "$(dirname "$0")/host.sh"

users=$(scaled 50 5)
add_users "$users"
policy </dev/null
snapshot_take
kernel_mark
for round in 1 2; do
	for n in $(seq "$users"); do
		for _ in 1 2 3 4; do login "u$n" sleep 1 & done
	done
	wait
	none_refused "round $round: $users users, four at once each"
	wait_for 60 no_load_left
done
nothing_left "nothing is left" 20
kernel_same "the kernel keeps"
done_testing
