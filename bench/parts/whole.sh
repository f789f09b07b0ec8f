#!/bin/bash
# From the start of a program to /bin/true inside a container to all torn down, as whole processes: the floor, pam_ctr in a
# PAM application, and other runtimes doing their nearest work.
# shellcheck source=../world.sh
. "$(dirname "$0")/../world.sh"

bundle=$scratch/bundle
cases=(true floor shared sealed machine)
around=()

# The root of other runtimes' containers is this one once more, in a mount namespace that the others don't pay for.
# crun refuses cgroup2 beside v1, and makes plain directories where it was.
own_root() { # COMMAND...
	# shellcheck disable=SC2016 # for the shell in there
	unshare --mount --propagation private bash -ec 'mount --rbind / "$0"
		if [ -d /sys/fs/cgroup/unified ]; then
			umount -l /sys/fs/cgroup/unified
			mount -t tmpfs bench /sys/fs/cgroup/unified
		fi
		exec "$@"' "$bundle/root" "$@"
}

has() { # PROGRAM: or it is skipped, and named
	command -v "$1" >/dev/null && return
	skip "$1" "not installed"
	return 1
}

# try NAME COMMAND...: a case if it works here
try() {
	local output
	if output=$("${around[@]}" "${@:2}" 2>&1 </dev/null); then
		start "$1" "${around[@]}" "$programs/stopwatch" - "${@:2}"
		cases+=("$1")
	else
		skip "$1" "does not work here: ${output##*$'\n'}"
	fi
}

# Its own processes and mounts, as the floor's; it makes no cgroups.
add_bwrap() {
	has bwrap || return 0
	try bwrap bwrap --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp --tmpfs /var/tmp --tmpfs /run --bind /home/alice \
		/home/alice --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup --hostname bench /bin/true
}

add_crun() {
	local namespaces='{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}, {"type": "cgroup"}'
	has crun || return 0
	mkdir -p "$bundle/root"
	cat >"$bundle/config.json" <<-END
		{ "ociVersion": "1.0.0", "hostname": "bench",
		  "process": { "terminal": false, "user": { "uid": 0, "gid": 0 }, "args": ["/bin/true"], "env": ["PATH=/bin"], "cwd": "/" },
		  "root": { "path": "$bundle/root", "readonly": true },
		  "mounts": [
		    { "destination": "/proc", "type": "proc", "source": "proc" },
		    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"] },
		    { "destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"] },
		    { "destination": "/dev/shm", "type": "tmpfs", "source": "shm" },
		    { "destination": "/tmp", "type": "tmpfs", "source": "tmpfs" },
		    { "destination": "/home/alice", "type": "bind", "source": "/home/alice", "options": ["bind", "rw"] } ],
		  "linux": { "cgroupsPath": "/$WORLD_CGROUP/bench", "namespaces": [$namespaces],
		    "resources": { "pids": { "limit": 2048 }, "devices": [{ "allow": false, "access": "rwm" }] } } }
	END
	try crun crun --cgroup-manager cgroupfs run --bundle "$bundle" bench
}

add_lxc() {
	has lxc-execute || return 0
	printf '%s\n' "lxc.rootfs.path = dir:$bundle/root" "lxc.uts.name = bench" "lxc.net.0.type = none" "lxc.autodev = 1" \
		"lxc.mount.auto = proc:mixed" "lxc.console.path = none" "lxc.cgroup.dir = $WORLD_CGROUP" "lxc.cgroup.pids.max = 2048" \
		>"$scratch/lxc.conf"
	trap remove_pivots EXIT
	mkdir -p "$scratch/lxc" "$bundle/root"
	try lxc lxc-execute -n bench -P "$scratch/lxc" -f "$scratch/lxc.conf" -- /bin/true
}

# LXC leaves them for the next one.
remove_pivots() {
	find /sys/fs/cgroup -depth -type d -path "*/$WORLD_CGROUP*" -exec rmdir {} + 2>/dev/null || true
}

prepare
start true "$programs/stopwatch" - /bin/true
floor_command once
start floor "$programs/stopwatch" - "${command[@]}"
for name in shared sealed machine; do
	start "$name" "$programs/stopwatch" "$(state_of "$name")" pam_caller --service "bench-$name" --user alice \
		--calls open,fork,close -- /bin/true
done
add_bwrap
around=(own_root)
add_crun
add_lxc
for ((round = 0; round < rounds; round++)); do
	for name in "${cases[@]}"; do
		ask "$name" "$gap"
		say cold "$name" whole ns "${answer[1]}"
	done
	for name in "${cases[@]}"; do
		ask "$name" 0
		say hot "$name" whole ns "${answer[1]}"
	done
done
