#!/bin/bash
# Logins a second with one to eight callers at once: each with containers of its own, made and ended; and into one that
# lives on.
# shellcheck source=../world.sh
. "$(dirname "$0")/../world.sh"

read -r -a callers <<<"${BENCH_CALLERS:-1 2 4 8}"
seconds=${BENCH_SECONDS:-4}

# rate CASE MODE SERVICE USER...
rate() {
	local logins ns
	IFS=, read -r logins ns < <("$programs/crowd" "$2" "bench-$3" "$seconds" "${@:4}" 3>&-) || die "$1: no figures"
	say $(($# - 3)) "$1" logins 1/s "$(awk -v n="$logins" -v ns="$ns" 'BEGIN { printf "%.1f", n * 1e9 / ns }')"
}

prepare
add_users 8 101
users=(u101 u102 u103 u104 u105 u106 u107 u108)
mkfifo "$scratch/first"
"$programs/crowd" hold bench-sealed alice <"$scratch/first" >"$scratch/opened" 3>&- &
exec {first}>"$scratch/first"
for ((try = 0; try < 100; try++)); do
	[ ! -s "$scratch/opened" ] || break
	sleep 0.05
done
for ((round = 0; round < 3; round++)); do
	for count in "${callers[@]}"; do
		for name in shared sealed; do
			rate "$name: a container each" whole "$name" "${users[@]:0:count}"
		done
		mapfile -t same < <(yes alice | head -n "$count")
		rate "sealed: into one container" join sealed "${same[@]}"
	done
done
exec {first}>&-
wait
