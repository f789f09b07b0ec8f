#!/bin/bash
# A container or a pod that sshd and pam_ctr run in: only a part of the cgroup tree is theirs, and
# on cgroup v2 their own processes sit in it.  Made here by namespaces, with an sshd of its own.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

POLICY_HOST='memory.max = 60%
pids.max = 90%'
policy <<END
[default]
memory.max = 50%
pids.max = 40
END

part=$WORLD_CGROUP/pod
hierarchies() {
	if cgroup_is_v2; then echo .; else for name in memory pids cpu; do echo "$name"; done; fi
}

# The part of the tree, with limits that its owner can't see the reason of.
make_part() {
	local name directory
	for name in $(hierarchies); do
		directory=/sys/fs/cgroup/$name/$part
		if cgroup_is_v2; then
			echo "+memory +pids +cpu +cpuset" >/sys/fs/cgroup/cgroup.subtree_control
			mkdir -p "/sys/fs/cgroup/$WORLD_CGROUP"
			echo "+memory +pids ${1:-+cpu}" >"/sys/fs/cgroup/$WORLD_CGROUP/cgroup.subtree_control"
		fi
		mkdir -p "$directory"
	done
	local memory=/sys/fs/cgroup/memory/$part/memory.limit_in_bytes
	if cgroup_is_v2; then memory=/sys/fs/cgroup/$part/memory.max; fi
	echo 400M >"$memory"
}

# What a runtime leaves of /sys/fs/cgroup; each way is one of theirs.
# shellcheck disable=SC2016 # for the shell in the pod
mount_own='umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup'
# shellcheck disable=SC2016
mount_bound='mount --bind /sys/fs/cgroup/$part /srv/part && umount -l /sys/fs/cgroup && mount --move /srv/part /sys/fs/cgroup'
# shellcheck disable=SC2016
mount_read_only='mount --bind /sys/fs/cgroup/$part /sys/fs/cgroup/$part && mount -o remount,bind,ro /sys/fs/cgroup'
# shellcheck disable=SC2016
mount_v1='for name in memory pids cpu; do mkdir -p /srv/part/$name; mount --bind /sys/fs/cgroup/$name/$part /srv/part/$name; done
	umount -l /sys/fs/cgroup; mount --rbind /srv/part /sys/fs/cgroup; umount -l /srv/part/memory /srv/part/pids /srv/part/cpu'
# shellcheck disable=SC2016
mount_v1_read_only='for name in memory pids cpu; do
	mount --bind /sys/fs/cgroup/$name/$part /sys/fs/cgroup/$name/$part; mount -o remount,bind,ro /sys/fs/cgroup/$name; done
	umount -l /sys/fs/cgroup/unified /sys/fs/cgroup/devices 2>/dev/null; :'

# start_pod FLAGS MOUNTS: PID 1 of the pod, in the part, with an sshd beside it; $pod is its parent,
# which like a runtime's is neither in the part nor in the PID namespace
start_pod() {
	mkdir -p /srv/part
	log_mark
	# shellcheck disable=SC2016 # for the shell that becomes PID 1
	part="$part" hierarchies="$(hierarchies)" flags="$1" mounts="$2" \
		unshare -p -f --kill-child bash -c '
			for name in $hierarchies; do echo 0 >/sys/fs/cgroup/$name/$part/cgroup.procs || exit; done
			exec unshare -m --propagation slave $flags bash -c "
				mount -t proc proc /proc && $mounts && /usr/sbin/sshd -p 2200 -o PidFile=none && echo up
				while sleep 1; do :; done" # not exec: a PID 1 reaps
		' >"$tap_dir/pod" 2>&1 &
	pod=$!
	wait_for 20 pod_listens || fail "the pod comes up" "$(cat "$tap_dir/pod")"
}

pod_listens() {
	grep -q '^up$' "$tap_dir/pod" && (exec 3<>/dev/tcp/127.0.0.1/2200)
}

stop_pod() {
	kill -KILL "$pod" 2>/dev/null # unshare -f ignores SIGTERM; its child dies with it
	wait "$pod" 2>/dev/null
	wait_for 10 no_containers
	# What the pod left is its runtime's to remove.
	wait_for 10 remove_part
}

remove_part() {
	local name
	for name in $(hierarchies); do
		find "/sys/fs/cgroup/$name/$WORLD_CGROUP" -depth -type d -exec rmdir {} \; 2>/dev/null
	done
	for name in $(hierarchies); do
		[ ! -e "/sys/fs/cgroup/$name/$WORLD_CGROUP" ] || return 1
	done
}

in_pod() { # USER COMMAND
	timeout -k 2 $((30 * patience)) ssh -p 2200 "$1@pod" "${@:2}" </dev/null 2>&1
}

# The limits are there, below the part, and they are those of a part of 400M.
check_pod() { # LABEL
	local uid hog below="/$part/$WORLD_CGROUP/" failed=$tap_failed
	uid=$(id -u alice)
	is "$1: a login is contained" "$(in_pod alice 'echo "$(id -un) $(cat /proc/1/comm)"')" "alice pam_ctr-init"
	coproc HOLD { exec ssh -p 2200 alice@pod 'echo ready; exec cat' 2>&1; }
	held=$HOLD_PID
	read -r -t $((20 * patience)) -u "${HOLD[0]}" line
	is "$1: below the part that is ours" "$(cgroup_of alice pids | grep -c "$below$uid\$")" 1
	is "$1: nothing is made elsewhere" "$(find /sys/fs/cgroup -type d -name "$uid" -path "*$WORLD_CGROUP*" | grep -vc "$below")" 0
	if cgroup_is_v2; then
		is "$1: half of the part's memory" "$(cat "$(cgroup_of alice memory)/memory.max")" $((200 << 20))
	else
		is "$1: half of the part's memory" "$(cat "$(cgroup_of alice memory)/memory.limit_in_bytes")" $((200 << 20))
	fi
	is "$1: the task limit" "$(cat "$(cgroup_of alice pids)/pids.max")" 72
	hog=$(in_pod alice 'attempt memory 16; attempt memory 300; echo "status $?"')
	like "$1: a program runs" "$hog" '^16$'
	like "$1: a hog is killed" "$hog" '^status 137$'
	number "$1: forks end" "$(in_pod alice 'attempt fork 200')" -le 40
	like "$1: root logs in beside it" "$(in_pod root 'echo in')" '^in$'
	kill "$held" 2>/dev/null
	wait "$held" 2>/dev/null
	succeeds "$1: and all is gone after it" wait_for 10 no_containers
	[ "$tap_failed" = "$failed" ] || diag "$(log_since | grep pam_ctr)"
}

if cgroup_is_v2; then
	make_part
	start_pod -C "$mount_own"
	check_pod "own cgroup namespace and mount"
	is "its processes have moved down, once" "$(cat "/sys/fs/cgroup/$part/cgroup.procs")" ""
	isnt "to a cgroup beside the containers'" "$(cat "/sys/fs/cgroup/$part/pam_ctr-host/cgroup.procs")" ""
	stop_pod

	make_part
	start_pod "" "$mount_bound"
	check_pod "the part bound, the host's namespace"
	stop_pod

	make_part
	start_pod "" "$mount_read_only"
	check_pod "all read-only but the part"
	stop_pod

	make_part
	start_pod -C "$mount_own && mount -o remount,bind,ro /sys/fs/cgroup"
	log_mark
	unlike "a part that is read-only refuses" "$(in_pod alice 'echo in')" '^in$'
	logged "and says what to do" 'not ours to write.*delegated and mounted writable'
	like "root is let in" "$(in_pod root 'echo in')" '^in$'
	stop_pod

	make_part -cpu
	start_pod -C "$mount_own"
	POLICY_HOST='memory.max = 60%' policy <<-END
		[default]
		cpu.max = 50%
	END
	log_mark
	unlike "a limit whose controller was not handed down refuses" "$(in_pod alice 'echo in')" '^in$'
	logged "and names it" 'cpu\.max.*the controller .cpu. is not handed down'
	stop_pod
else
	make_part
	start_pod "" "$mount_v1"
	check_pod "v1, the part bound"
	stop_pod

	make_part
	start_pod "" "$mount_v1_read_only"
	check_pod "v1, all read-only but the part"
	stop_pod
fi

# --- the whole tree, from a cgroup in it ----------------------------------------------------------------

# As OpenRC has it: each service has a cgroup of its own, right below a root that is ours to write,
# though its mode, which is the kernel's, gives nobody the right to.
service=$WORLD_CGROUP-service

service_hierarchies() {
	hierarchies
	if [ -d /sys/fs/cgroup/unified ]; then echo unified; fi
}

as_service() { # COMMAND...
	(
		for name in $(service_hierarchies); do
			mkdir -p "/sys/fs/cgroup/$name/$service" && echo 0 >"/sys/fs/cgroup/$name/$service/cgroup.procs" || exit
		done
		exec "$@"
	)
}

remove_service() {
	local name
	for name in $(service_hierarchies); do
		rmdir "/sys/fs/cgroup/$name/$service" || return
	done
}

policy <<-END
	[default]
	memory.max = 200M
	cpu.max = 50%
END
as_service /usr/sbin/sshd -p 2200 -o PidFile=/run/service.pid
wait_for 10 test -s /run/service.pid
coproc HOLD { exec ssh -p 2200 alice@service 'echo ready; exec cat' 2>&1; }
held=$HOLD_PID
read -r -t $((20 * patience)) -u "${HOLD[0]}" line
is "a service's cgroup: a login comes" "$line" ready
for name in $(hierarchies); do
	is "its cgroup is below the root: $name" "$(ls -d "/sys/fs/cgroup/$name/$WORLD_CGROUP/2001" 2>&1)" \
		"/sys/fs/cgroup/$name/$WORLD_CGROUP/2001"
done
is "and not below the service's" "$(find /sys/fs/cgroup -type d -path "*/$service/*")" ""
like "as the plan says in there" "$(as_service ctrctl plan bob)" "cgroup-make +/sys/fs/cgroup(/pids)?/$WORLD_CGROUP/2002 "
is "another service's login is in the same container" "$(container_of alice)" \
	"$(in_pod alice 'echo "$(readlink /proc/self/ns/pid) $(cut -d" " -f22 /proc/1/stat)"')"
if cgroup_is_v2 || [ -d /sys/fs/cgroup/unified ]; then
	is "her supervisor is not in the service's cgroup, which may be killed" \
		"$(grep '^0:' "/proc/$(supervisors)/cgroup")" "0::/"
else
	skip "her supervisor is not in the service's cgroup" "this machine has no cgroup2"
fi
kill "$held" 2>/dev/null
wait "$held" 2>/dev/null
wait_for 10 no_containers
for name in $(hierarchies); do
	mkdir -p "/sys/fs/cgroup/$name/$WORLD_CGROUP/x.slice/4711/s1"
done
succeeds "gc, called by a service" as_service ctrctl gc
kill "$(cat /run/service.pid)"
succeeds "with nothing in the service's cgroup" wait_for 10 remove_service
is "sweeps the tree" "$(find /sys/fs/cgroup -type d -path "*/$WORLD_CGROUP*")" ""
done_testing
