# Sourced by the parts: many users, logins without sshd, and what the kernel keeps.
# shellcheck shell=bash
# shellcheck source=../lib/tap.sh
. "$WORLD_REPO/tests/lib/tap.sh"
# shellcheck source=../lib/users.sh
. "$WORLD_REPO/tests/lib/users.sh"

scaled() { # NUMBER [LEAST]
	local n=$(($1 / ${SCALE:-1}))
	echo $((n < ${2:-1} ? ${2:-1} : n))
}

# login USER COMMAND...: 0 if PAM let it in and the command, inside, succeeded
login() {
	local out
	out=$(timeout -k 2 60 pam_caller --user "$1" --calls open,fork,close -- "${@:2}" 2>&1 </dev/null)
	# pam_caller goes on where it is refused, and says so: what it runs then is nobody's session.
	[[ $out != *'open: PAM_SUCCESS'* ]] || echo "$out" >>"$tap_dir/said"
	[[ $out == *'open: PAM_SUCCESS'*'fork: 0'* ]] && return 0
	echo "$1: $out" >>"$tap_dir/refused"
	return 1
}

no_load_left() {
	[ -z "$(find /run/pam_ctr -mindepth 1 -maxdepth 1 2>/dev/null)$(supervisors)" ]
}

# What grows where something leaks: NAME VALUE lines.
kept_by_kernel() {
	echo "files $(awk '{ print $1 }' /proc/sys/fs/file-nr)"
	echo "ptys $(cat /proc/sys/kernel/pty/nr)"
	echo "keys $(wc -l </proc/keys)"
	echo "mounts $(wc -l </proc/1/mountinfo)"
	echo "cgroups $(awk '$4 { sum += $3 } END { print sum }' /proc/cgroups)"
	echo "dying $(cat /sys/fs/cgroup/cgroup.stat /sys/fs/cgroup/unified/cgroup.stat 2>/dev/null | awk '/nr_dying/ { print $2; exit }')"
	echo "netns $(awk '$1 == "net_namespace" { print $2 }' /proc/slabinfo)"
	echo "slab_kb $(awk '/^SUnreclaim/ { print $2 }' /proc/meminfo)"
}

kernel_mark() {
	kept_by_kernel >"$tap_dir/kept"
}

# kernel_same NAME: give or take what the rest of the machine does, which is the same for 10 logins and for 1000
kernel_same() {
	local what before after room
	while read -r what before && read -r _ after <&3; do
		case $what in files) room=1500 ;; slab_kb) room=40000 ;; cgroups | dying) room=100 ;; keys) room=20 ;; netns) room=40 ;; *) room=4 ;; esac
		number "$1: $what, $before before" "${after:-0}" -le $((${before:-0} + room))
	done <"$tap_dir/kept" 3< <(kept_by_kernel)
}

none_refused() { # NAME
	is "$1: refused" "$(sort "$tap_dir/refused" 2>/dev/null | uniq -c | head -5)" ""
	rm -f "$tap_dir/refused"
}
