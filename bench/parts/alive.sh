#!/bin/bash
# A login beside containers that live already (BENCH_ALIVE: how many, the largest last), and what these take of memory: private
# to their processes, and in the kernel.
# shellcheck source=../world.sh
. "$(dirname "$0")/../world.sh"

read -r -a steps <<<"${BENCH_ALIVE:-100 1000}"
cases=(floor shared sealed)
declare -a crowds

# How much of the kernel's memory is in use, kB.
kernel_memory() {
	awk '/^(SUnreclaim|SReclaimable|Percpu|KernelStack|PageTables):/ { sum += $2 } END { print sum }' /proc/meminfo
}

# hold SERVICE FIRST COUNT: sessions of uFIRST and on, until release
hold() {
	local n users=() in out line
	for ((n = $2; n < $2 + $3; n++)); do users+=("u$n"); done
	rm -f "$scratch/hold."*
	mkfifo "$scratch/hold.in" "$scratch/hold.out"
	"$programs/crowd" hold "bench-$1" "${users[@]}" <"$scratch/hold.in" >"$scratch/hold.out" 3>&- &
	exec {in}>"$scratch/hold.in" {out}<"$scratch/hold.out"
	crowds+=("$in $!")
	line=
	read -r -t 300 -u "$out" line || true
	[ "$line" = "$3" ] || die "no $3 sessions of bench-$1"
	exec {out}<&-
}

release() {
	local i in pid
	# The last first: it was born with the others' inputs open.
	for ((i = ${#crowds[@]} - 1; i >= 0; i--)); do
		read -r in pid <<<"${crowds[i]}"
		exec {in}>&-
		wait "$pid"
	done
	crowds=()
	local try
	for ((try = 0; try < 600; try++)); do
		[ -n "$(ls -A /run/pam_ctr)" ] || return 0
		sleep 0.1
	done
	die "containers stay"
}

measure() { # SETTING
	local round name
	for ((round = 0; round < rounds / 2; round++)); do
		for name in "${cases[@]}"; do cycle "$1" "$name" "$gap"; done
	done
	say "$1" host mounts count "$(wc -l </proc/1/mountinfo)"
}

# Private memory of all processes of a name, a figure each.
private_memory() { # SETTING NAME FIGURE
	local directory name bytes
	for directory in /proc/[0-9]*; do
		name=
		read -r name 2>/dev/null <"$directory/comm" || true
		[ "$name" = "$2" ] || continue
		bytes=$(awk '/^Private_/ { sum += $2 } END { print sum * 1024 }' "$directory/smaps_rollup") || continue
		[ -z "$bytes" ] || say "$1" "$3" private bytes "$bytes"
	done
}

# The kernel's memory for each session of a service, from what COUNT of them make it grow.
kernel_share() { # CASE SERVICE COUNT
	local before
	sleep 0.5
	before=$(kernel_memory)
	hold "$2" 101 "$3"
	sleep 0.5
	say "$3" "$1" kernel bytes $((($(kernel_memory) - before) * 1024 / $3))
}

largest=${steps[-1]}
add_users "$largest" 101
prepare
for name in "${cases[@]}"; do start_cycle "$name"; done

measure 0
# What the session's own process takes is in each.
kernel_share process permit "${steps[0]}"
release
for name in sealed shared; do
	kernel_share "$name" "$name" "${steps[0]}"
	private_memory "${steps[0]}" supervisor "supervisor: $name"
	private_memory "${steps[0]}" pam_ctr-init "init: $name"
	[ "$name" = shared ] || release
done
measure "${steps[0]}"
held=${steps[0]}
for step in "${steps[@]:1}"; do
	hold shared $((101 + held)) $((step - held))
	held=$step
	measure "$step"
done
release
# Between the two, so that what else the machine does is not taken for theirs.
measure 0

# The helper that finds devices lives as long as a container with rules for them.  Two (u3's and u4's), so that what
# they share is in neither's memory.
hold sealed 3 2
private_memory 2 devices "helper for devices"
private_memory 2 supervisor "supervisor: ten device rules"
release
