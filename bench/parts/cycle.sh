#!/bin/bash
# A first login, a second one while the first lives, and the end of both, in a minimal PAM application: cold,
# and back to back.  BENCH_CASES: those cases alone; BENCH_HOT=no: cold rounds alone; BENCH_SETTING: said in place of "cold".
# shellcheck source=../world.sh
. "$(dirname "$0")/../world.sh"

cases=(floor namespace shared sealed machine bare guarded)
# They only show a part of it, and are in every fourth round.
seldom=(permit limits su netns ruled dirty)
cgfs=$WORLD_BUILD/bench/peers/pam_cgfs.so

# pam_cgfs makes a user's cgroups in the machine's own hierarchies, and leaves them.
cgfs_cgroups() {
	find /sys/fs/cgroup/{freezer,pids} -maxdepth 2 -type d -path '*/user/alice' 2>/dev/null || true
}

cgfs_remove() {
	local top
	while read -r top; do
		find "$top" -depth -type d -exec rmdir {} \;
		rmdir "${top%/*}"
	done < <(cgfs_cgroups)
}

add_cgfs() {
	if [ ! -e "$cgfs" ]; then
		skip pam_cgfs "the package libpam-cgfs can't be had"
	elif [ ! -e /sys/fs/cgroup/freezer/tasks ] || [ ! -e /sys/fs/cgroup/pids/tasks ]; then
		skip pam_cgfs "it needs cgroup v1's freezer and pids"
	elif [ -n "$(cgfs_cgroups)" ]; then
		skip pam_cgfs "there are cgroups user/alice, which are somebody else's"
	else
		add_service cgfs "$cgfs -c freezer,pids"
		trap cgfs_remove EXIT
		seldom+=(cgfs)
	fi
}

if [ -n "${BENCH_CASES-}" ]; then
	read -r -a cases <<<"$BENCH_CASES"
	seldom=()
else
	add_cgfs
fi
prepare
# A root of one's own is made mount by mount; what the world adds to the machine's /usr is
# not needed here, but for the installed programs.
umount -l /usr/sbin /usr/lib/*/security
for name in "${cases[@]}" "${seldom[@]}"; do
	start_cycle "$name"
done
for ((round = 0; round < rounds; round++)); do
	now=("${cases[@]}")
	[ $((round % 4)) != 0 ] || now+=("${seldom[@]}")
	for name in "${now[@]}"; do
		cycle "${BENCH_SETTING:-cold}" "$name" "$gap"
	done
	# The back to back rounds are spread over the run: what disturbs it disturbs both.
	[ "${BENCH_HOT:-yes}" = yes ] || continue
	for name in "${now[@]}" "${now[@]}"; do
		cycle hot "$name" 0
	done
done
