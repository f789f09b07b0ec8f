# Sourced by whoever runs tests that print TAP: adds up results, shows what is not a pass.
# shellcheck shell=bash

passed=0 failed=0 skipped=0 failures=()

# count NAME STATUS FILE SECONDS: one program's, which ended with STATUS and printed FILE
count() {
	local name=$1 status=$2 file=$3 seconds=$4 good bad skip how="ended early or by itself"
	good=$(grep -cE '^ok ' "$file") || true
	skip=$(grep -cE '^ok .*# SKIP' "$file") || true
	bad=$(grep -cE '^not ok ' "$file") || true
	if ! grep -qE '^1\.\.[0-9]+' "$file" || { [ "$status" != 0 ] && [ "$bad" = 0 ]; }; then
		bad=$((bad + 1))
		# Those are timeout(1)'s.
		case $status in 124 | 137) how="was ended: $seconds s are more than TEST_TIMEOUT" ;; esac
		echo "not ok - $name $how: status $status, see $file" | tee -a "$file"
		tail -n 5 "$file" | sed 's/^/#   /'
	fi
	passed=$((passed + good - skip)) failed=$((failed + bad)) skipped=$((skipped + skip))
	mapfile -t -O ${#failures[@]} failures < <(sed -nE "s/^not ok (- )?/$name: /p" "$file")
	awk -v name="$name" '
		/^not ok / { show = 1; print name ": " $0; next }
		/# SKIP/   { print name ": " $0 }
		/^ok /     { show = 0 }
		/^[# ]/ && show { print }' "$file"
	printf '%-28s %s passed, %s failed, %s skipped (%s s)\n' "$name" $((good - skip)) "$bad" "$skip" "$seconds"
}

# add_totals LINE: "N passed, N failed, N skipped" of another run; 1 if it is no such line
add_totals() {
	[[ $1 =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]] || return 1
	passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
	skipped=$((skipped + BASH_REMATCH[3]))
}

# add_run FILE: what another run printed, its closing line being the last of all; 1 if it has none
add_run() {
	mapfile -t -O ${#failures[@]} failures < <(sed -n 's/^failed: //p' "$1")
	add_totals "$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$1" | tail -n 1)"
}

# totals: what failed, once more and together, since a log is often seen by its end alone; then the
# closing line.  Fails unless something passed and nothing failed
totals() {
	[ ${#failures[@]} = 0 ] || printf 'failed: %s\n' "${failures[@]}"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}
