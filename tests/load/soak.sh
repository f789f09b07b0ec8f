#!/bin/bash
# An hour of logins of eight users, while whatever of ours there is is killed at random: supervisors, inits,
# callers.  Then a quiet moment, after which all is as it was.
# shellcheck source=host.sh
. "$(dirname "$0")/host.sh"

seconds=$(scaled 3600 30)
add_users 8
policy </dev/null
for n in 1 2 3 4 5 6 7 8; do login "u$n" true; done
wait_for 20 no_load_left
snapshot_take
kernel_mark
end=$((SECONDS + seconds))
visitor() {
	while [ "$SECONDS" -lt "$end" ]; do
		login "$1" sh -c 'sleep 0.2 & readlink /proc/self/ns/pid' && echo in >>"$tap_dir/in.$1"
		[ "$((RANDOM % 8))" != 0 ] || login "$1" readlink /proc/self/ns/pid
	done
}
# Only by pid, and only what the world's own PID namespace has.
victims() {
	local directory name
	for directory in /proc/[0-9]*; do
		read -r name 2>/dev/null <"$directory/comm" || continue
		case $name in supervisor | pam_ctr-init | pam_caller) echo "${directory#/proc/}" ;; esac
	done
}
killer() {
	local -a pids
	while [ "$SECONDS" -lt "$end" ]; do
		mapfile -t pids < <(victims)
		[ ${#pids[@]} = 0 ] || {
			kill -KILL "${pids[$((RANDOM % ${#pids[@]}))]}" 2>/dev/null && echo killed >>"$tap_dir/killed"
		}
		read -r -t 0.3 <> <(:) || true
	done
}
for n in 1 2 3 4 5 6 7 8; do visitor "u$n" & done
killer &
wait
diag "$seconds s: $(cat "$tap_dir"/in.* | wc -l) logins were in, $(wc -l <"$tap_dir/refused") ended by a kill or refused, $(wc -l <"$tap_dir/killed") kills"
own=$(readlink /proc/self/ns/pid)
is "nobody was outside" "$(grep -F -B3 -A3 "$own" "$tap_dir/said" | head -40)" ""
rm -f "$tap_dir/refused"
for n in 1 2 3 4 5 6 7 8; do login "u$n" true; done
none_refused "then everybody comes in"
succeeds "what nobody came back for goes with ctrctl gc" ctrctl gc
wait_for 30 no_load_left
nothing_left "nothing is left" 30
kernel_same "the kernel keeps"
done_testing
