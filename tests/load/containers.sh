#!/bin/bash
# Containers made and ended, one after the other, by four in parallel.
# shellcheck source=host.sh
. "$(dirname "$0")/host.sh"

count=$(scaled 5000)
add_users 4
policy <<END
[default]
logout = kill
grace = 0
network = private
END
maker() {
	for _ in $(seq $((count / 4 + 1))); do login "$1" true; done
}
for n in 1 2 3 4; do login "u$n" true; done
wait_for 20 no_load_left
snapshot_take
kernel_mark
start=$SECONDS
for n in 1 2 3 4; do maker "u$n" & done
wait
diag "$count containers in $((SECONDS - start)) s"
none_refused "$count containers made and ended"
wait_for 30 no_load_left
nothing_left "nothing is left" 20
kernel_same "the kernel keeps"
done_testing
