#!/bin/bash
# System calls of a first login and of a second one, counted by strace(1), and whether anybody writes to cgroup.procs.
# shellcheck source=../world.sh
. "$(dirname "$0")/../world.sh"

if ! command -v strace >/dev/null; then
	skip strace "not installed"
	exit 0
fi

# The user's supervisor, if there is one: it is traced, too.
supervisor() {
	awk '$1 == "supervisor" { print $2 }' "$(state_of "$1")/record" 2>/dev/null || true
}

is_traced() { # PID
	! grep -q '^TracerPid:.0$' "/proc/$1/status"
}

# trace SETTING CASE: one login and its end
trace() {
	local watched tracer='' try options=(-f -qq -y --decode-pids=comm -e signal=none)
	watched=$(supervisor "$2")
	: >"$scratch/trace.supervisor"
	if [ -n "$watched" ]; then
		strace "${options[@]}" -o "$scratch/trace.supervisor" -p "$watched" &
		tracer=$!
		for ((try = 0; try < 100; try++)); do
			! is_traced "$watched" || break
			sleep 0.05
		done
	fi
	strace "${options[@]}" -o "$scratch/trace" pam_caller --service "bench-$2" --user alice --calls open,close >/dev/null ||
		die "$2: no login under strace"
	if [ -n "$tracer" ]; then
		kill "$tracer"
		wait "$tracer" || true
	fi
	cat "$scratch/trace.supervisor" >>"$scratch/trace"
	awk '$0 !~ /resumed>/ { name = $1; sub(/^[0-9]+</, "", name); sub(/>.*/, "", name); count[name]++ }
		END { for (name in count) print name, count[name] }' "$scratch/trace" |
		while read -r name count; do
			case $name in
			pam_caller) say "$1" "$2: caller" calls count "$count" ;;
			supervisor) say "$1" "$2: supervisor and the first process" calls count "$count" ;;
			pam_ctr-init) say "$1" "$2: init" calls count "$count" ;;
			esac
		done
	say "$1" "$2" "writes to cgroup.procs" count "$(grep -c 'write([0-9]*<[^>]*/cgroup.procs>' "$scratch/trace" || true)"
}

prepare
for name in permit shared sealed machine; do
	trace first "$name"
	await_gone "$name"
done
mkfifo "$scratch/first"
for name in shared sealed machine; do
	: >"$scratch/opened"
	pam_caller --service "bench-$name" --user alice --calls open,hold <"$scratch/first" >"$scratch/opened" 3>&- &
	holder=$!
	exec {first}>"$scratch/first"
	for ((try = 0; try < 100; try++)); do
		! grep -q PAM_SUCCESS "$scratch/opened" || break
		sleep 0.05
	done
	trace second "$name"
	exec {first}>&-
	wait "$holder"
	await_gone "$name"
done
