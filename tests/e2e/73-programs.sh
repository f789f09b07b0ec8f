#!/bin/bash
# Real programs, as users run them, say and do the same under the filter "default" as without:
# each of tests/programs/light in a login of each profile, and twice, so that a program which never
# says the same twice is not taken for one that misses a call.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

# /tmp is a container's own, and the clone may lie in there.
cp -a "$(dirname "$0")/../programs" /srv/programs
scripts=(/srv/programs/light/*.sh)

# run_all PROFILE SECCOMP: what each said, in files named after it
run_all() {
	local to=$tap_dir/$1.$2 command
	policy <<-END
		[default]
		profile = $1
		seccomp = $2
	END
	mkdir "$to"
	printf -v command '%q ' /srv/programs/inside 60 "${scripts[@]}"
	LIMIT=150 on alice "$command" >"$to/all" 2>&1
	awk -v to="$to" '
		$1 == "=" && $3 == "skip" { file = to "/" $2 ".skip"; sub(/^= [^ ]* skip /, ""); print >file; next }
		$1 == "=" && $3 == "exit" { print "exit", $4 >file; next }
		$1 == "=" { file = to "/" $2; next }
		file { print >file }' "$to/all"
	end_all
}

# compare PROFILE NAME
compare() {
	local without=$tap_dir/$1.none/$2 with=$tap_dir/$1.default/$2
	if [ -e "$without.skip" ]; then
		skip "$1: $2" "$(cat "$without.skip")"
		return
	fi
	is "$1: $2 works without a filter" "$(tail -n 1 "$without" 2>&1)" "exit 0"
	number "$1: $2 says something" "$(wc -l <"$without")" -gt 1
	is "$1: $2 does the same under default" "$(diff "$without" "$with" 2>&1)" ""
}

rm -f /etc/pam_ctr.conf.d/00-profile.conf
snapshot_take
for profile in shared sealed machine; do
	for seccomp in none default; do
		run_all $profile $seccomp
	done
	is "$profile: no filter where the policy says none" "$(head -n 1 "$tap_dir/$profile.none/all")" "seccomp mode 0"
	is "$profile: a filter where it says default" "$(head -n 1 "$tap_dir/$profile.default/all")" "seccomp mode 2"
	for script in "${scripts[@]}"; do
		compare $profile "$(basename "$script" .sh)"
	done
done
nothing_left "nothing is left"
done_testing
