#!/bin/bash
# lxcfs, where a host runs it: what it tells inside, that its own mount is out of everybody's reach,
# and that logins go on without it when it dies.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

[ -e /dev/fuse ] || mknod -m 666 /dev/fuse c 10 229 2>/dev/null
if ! command -v lxcfs >/dev/null || ! : <>/dev/fuse; then
	skip "lxcfs" "it is not here, or no FUSE"
	done_testing
fi
rm -f /etc/pam_ctr.conf.d/00-profile.conf
mkdir -p /var/lib/lxcfs /run/lxcfs
policy </dev/null
snapshot_take

policy_of() { # LINE...: of [default]
	policy < <(printf '%s\n' '[default]' "$@")
}

lxcfs_start() {
	lxcfs -f /var/lib/lxcfs >"$tap_dir/lxcfs" 2>&1 &
	lxcfs=$!
	wait_for 20 test -s /var/lib/lxcfs/proc/meminfo
}

lxcfs_stop() {
	kill "-$1" "$lxcfs"
	wait "$lxcfs" 2>/dev/null
}

# --- what it tells ---------------------------------------------------------------------------------------

lxcfs_start
policy_of 'profile = sealed' 'memory.max = 256M' 'cpu.max = 1 core'
is "free tells the limit" "$(on alice 'free -m' | awk '/^Mem:/ { print $2 }')" 256
is "/proc/cpuinfo the share" "$(on alice 'grep -c ^processor /proc/cpuinfo')" 1
number "uptime is the container's" "$(on alice 'cut -d. -f1 /proc/uptime')" -lt 600
end_all
policy_of 'profile = sealed' 'memory.max = 256M' 'lxcfs = no'
isnt "lxcfs = no" "$(on alice 'free -m' | awk '/^Mem:/ { print $2 }')" 256
end_all

# --- its own mount: the cgroups of all, which root of the host may write ----------------------------------

isnt "the host sees what is in it" "$(ls /var/lib/lxcfs)" ""
for profile in shared sealed machine; do
	for use in auto no; do
		policy_of "profile = $profile" "lxcfs = $use"
		is "$profile, lxcfs = $use: it is empty inside" "$(on alice 'ls -A /var/lib/lxcfs')" ""
		is "$profile, lxcfs = $use: and nowhere else" \
			"$(on alice 'grep fuse.lxcfs /proc/self/mounts' | cut -d ' ' -f 2 | grep -v '^/proc/\|^/sys/devices/system/cpu$\|^/var/lib/lxcfs$')" ""
		end_all
	done
done
# The worst that there is inside: the host's root, by sudo, in the host's user namespace.
cp -p /etc/sudoers "$tap_dir/sudoers"
echo 'alice ALL=(ALL:ALL) NOPASSWD: ALL' >>/etc/sudoers
policy_of 'profile = shared'
is "shared: alice becomes root by sudo" "$(on alice 'sudo -n id -u')" 0
is "and sees no more of it" "$(on alice 'sudo -n ls -A /var/lib/lxcfs')" ""
fails "nor can what lies over it be taken away" on alice 'sudo -n umount /var/lib/lxcfs'
is "in a user namespace of one's own, neither" "$(on alice 'unshare -Urm sh -c "umount /var/lib/lxcfs; ls -A /var/lib/lxcfs" 2>/dev/null')" ""
cp "$tap_dir/sudoers" /etc/sudoers

# A container that was there before it: what the host mounts later comes in.
end_all
lxcfs_stop TERM
policy_of 'profile = shared'
hold alice || fail "a login that stays"
lxcfs_start
is "started later, it comes into no container" "$(on alice 'ls -A /var/lib/lxcfs')" ""
release
end_all

# --- dead: its mount is there, and nobody answers ----------------------------------------------------------

lxcfs_stop KILL
fails "on the host it is dead" ls /var/lib/lxcfs
like "though it is mounted" "$(cat /proc/mounts)" ' /var/lib/lxcfs fuse.lxcfs '
for profile in shared sealed machine; do
	policy_of "profile = $profile"
	log_mark
	is "$profile: a login goes on without" "$(on alice 'grep -c ^MemTotal /proc/meminfo')" 1
	logged "$profile: and the log says so, once" 'container notice: user=alice .*built without /var/lib/lxcfs/proc/.*not connected'
	is "$profile: once" "$(log_since | grep -c 'built without')" 1
	is "$profile: its mount is empty inside" "$(on alice 'ls -A /var/lib/lxcfs')" ""
	end_all
done
umount /var/lib/lxcfs
policy_of 'profile = sealed'
log_mark
is "without lxcfs a login is one" "$(on alice 'grep -c ^MemTotal /proc/meminfo')" 1
is "and nothing is said" "$(log_since | grep -c 'built without')" 0
end_all
nothing_left "nothing is left"
done_testing
