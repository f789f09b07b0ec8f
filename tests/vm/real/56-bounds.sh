#!/bin/bash
# THREATS H28: the kernel has no more namespaces, mounts or cgroups to give.  Whoever needs a new one is refused with
# the reason, who has a container comes in, and once there are some again all is as before.
# shellcheck source=guest.sh
. "$(dirname "$0")/guest.sh"

profile() { # LINE...
	policy_of "$@"
	end_all
}

# bound NAME FILE VALUE REASON [SECOND]: alice's first login meets the bound; what the log says of it, and what comes
# of another login of bob's, who has a container
bound() {
	local name=$1 file=$2 before
	before=$(host "cat $file")
	log_mark
	host "echo $3 >$file"
	fails "$name: a first login is refused" on alice true
	logged "$name: the log has user and reason" "login refused: user=alice .*$4"
	is "$name: nothing of it is left" "$(host 'ls -d /run/pam_ctr/$(id -u alice) /sys/fs/cgroup/pam_ctr/$(id -u alice) 2>/dev/null')" ""
	is "$name: who has a container comes in: ${5:-yes}" "$(on bob 'echo in' 2>/dev/null | grep -x in)" "$([ "${5-}" = no ] || echo in)"
	is "$name: and who is in stays" "$(echo hello >&"$held_in"; read -r -t "$LIMIT" -u "$held_out" line; echo "$line")" hello
	is "$name: root logs in" "$(on root 'echo in')" in
	host "echo $before >$file"
	contained "$name: with some again she is in" "$(on alice 'readlink /proc/self/ns/pid')"
	host_waits 20 'test ! -e /run/pam_ctr/$(id -u alice)' || fail "$name: her container ends"
}

profile 'profile = shared'
snapshot_take
hold bob || fail "bob's login that stays"
for kind in mnt pid uts ipc; do
	bound "$kind namespaces" "/proc/sys/user/max_${kind}_namespaces" 0 'has as many as it allows'
done
bound "cgroup namespaces" /proc/sys/user/max_cgroup_namespaces 0 'sysctl user.max_cgroup_namespaces'
bound "mounts, of which none fits" /proc/sys/fs/mount-max 3 '/run/pam_ctr/.*sysctl fs.mount-max'
bound "mounts, of which a few fit" /proc/sys/fs/mount-max "$(($(host 'wc -l </proc/self/mountinfo') + 4))" 'sysctl fs.mount-max'
# Each session has a cgroup of its own, too.
bound "cgroups" /sys/fs/cgroup/pam_ctr/cgroup.max.descendants 1 'make the cgroup .*cgroup.max.descendants' no
release
end_all

profile 'profile = sealed' 'network = private'
hold bob || fail "bob's login that stays"
for kind in user net; do
	bound "$kind namespaces" "/proc/sys/user/max_${kind}_namespaces" 0 'has as many as it allows'
done
release
end_all
nothing_left "nothing is left"
done_testing
