#!/bin/bash
# nesting = yes on cgroup v2: cgroups and limits of one's own below the container's, which stay out
# of reach, for root inside, too; and the end of all that a user makes there.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

if ! cgroup_is_v2; then
	skip "cgroups of one's own inside" "cgroup v1 is not delegated to users: make test-vm"
	done_testing
fi

rm /etc/pam_ctr.conf.d/00-profile.conf
policy <<END
[default]
memory.max = 128M
memory.swap.max = 0
pids.max = 100
profile = machine
nesting = yes
[user bob]
profile = sealed
nesting = yes
[user carol]
profile = sealed
nesting = no
END
snapshot_take

place() {
	cgroup_of "$1" pids
}

# Every file of the container's cgroup that the kernel hands to nobody, and its value.
limits_of() {
	local file
	for file in memory.max memory.high memory.swap.max pids.max cpu.max cpu.weight cgroup.max.depth cgroup.max.descendants; do
		echo "$file $(cat "$(place "$1")/$file" 2>&1)"
	done
}

# A bundle for a rootless runtime, with limits, that says what they are.
crun_bundle() { # UID
	cat >/srv/config.json <<-END
		{ "ociVersion": "1.0.0",
		  "process": { "terminal": false, "user": { "uid": 0, "gid": 0 }, "cwd": "/", "env": [ "PATH=/bin" ],
		    "args": [ "/bin/sh", "-c", "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max" ] },
		  "root": { "path": "rootfs", "readonly": true },
		  "mounts": [ { "destination": "/proc", "type": "proc", "source": "proc" },
		    { "destination": "/sys", "type": "none", "source": "/sys", "options": [ "rbind", "ro" ] },
		    { "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": [ "nosuid", "noexec", "nodev" ] } ],
		  "linux": { "cgroupsPath": "/small",
		    "uidMappings": [ { "containerID": 0, "hostID": $1, "size": 1 } ],
		    "gidMappings": [ { "containerID": 0, "hostID": $1, "size": 1 } ],
		    "namespaces": [ { "type": "pid" }, { "type": "ipc" }, { "type": "uts" }, { "type": "user" }, { "type": "cgroup" }, { "type": "mount" } ],
		    "resources": { "memory": { "limit": 33554432 }, "pids": { "limit": 12 } } } }
	END
}

for user in alice bob; do
	hold $user
	uid=$(id -u $user)
	is "$user: sessions are in a cgroup beside the user's own" "$(on $user 'cut -d/ -f2 /proc/self/cgroup')" login
	like "$user: so is init" "$(cat "/proc/$(init_of $user)/cgroup")" "/$uid/login\$"
	is "$user: the container's cgroup is the user's" "$(on $user 'stat -c %U /sys/fs/cgroup')" $user
	like "$user: all that the machine has is handed down" "$(on $user 'cat /sys/fs/cgroup/cgroup.subtree_control')" \
		'cpu.* io .*memory .*pids'
	before=$(limits_of $user)

	# A limit of one's own is a limit.
	out=$(on $user 'cd /sys/fs/cgroup && mkdir mine && echo 16M >mine/memory.max && echo 20 >mine/pids.max &&
		echo 0 >mine/cgroup.procs && echo entered; attempt memory 8; attempt memory 64; echo "status $?"; attempt fork 50')
	like "$user: makes a cgroup and enters it" "$out" '^entered$'
	like "$user: within its limit a program runs" "$out" '^8$'
	unlike "$user: above it, it does not" "$out" '^64$'
	like "$user: it is killed" "$out" '^status 137$'
	number "$user: its task limit holds, too" "$(tail -1 <<<"$out")" -le 20
	is "$user: controllers go on down" "$(on $user 'cd /sys/fs/cgroup && mkdir deeper && echo "+memory +pids +cpu" >deeper/cgroup.subtree_control &&
		mkdir deeper/still && echo "10000 100000" >deeper/still/cpu.max && cat deeper/still/cpu.max')" "10000 100000"

	# The container's are out of reach.
	attack='cd /sys/fs/cgroup
		for file in memory.max memory.high memory.swap.max pids.max cpu.max cpu.weight io.max io.weight cpuset.cpus \
			cgroup.max.depth cgroup.max.descendants cgroup.type cgroup.freeze cgroup.kill; do
			value=max
			case $file in *weight | cgroup.freeze | cgroup.kill) value=1 ;; cpuset.cpus) value=0-1 ;; cgroup.type) value=threaded ;; esac
			[ ! -e $file ] || { echo $value >$file; } 2>/dev/null && echo "WROTE $file"
			[ ! -e login/$file ] || { echo $value >login/$file; } 2>/dev/null && echo "WROTE login/$file"
			chown $(id -u) $file login/$file 2>/dev/null && echo "OWNED $file"
			chmod 666 $file login/$file 2>/dev/null && echo "OPENED $file"
		done
		mkdir login/x 2>/dev/null && echo "MADE login/x"
		rmdir login 2>/dev/null && echo "REMOVED login"
		echo 0 2>/dev/null >login/cgroup.procs && echo "WROTE login/cgroup.procs"
		echo -pids 2>/dev/null >cgroup.subtree_control && echo "TOOK pids"
		echo 0 2>/dev/null >../cgroup.procs && echo "LEFT"
		mount -o remount,rw /sys/fs/cgroup 2>/dev/null && echo "MOUNTED"
		echo ran'
	is "$user: no limit of the container's is writable" "$(on $user "$attack")" ran
	[ $user = bob ] ||
		is "nor for root inside" "$(on $user "sudo -n bash -c $(printf %q "$attack")" 2>&1 | grep -v '^WROTE login/cgroup.procs$')" ran
	is "nor for root of a nested namespace" "$(on $user "unshare -Ur bash -c $(printf %q "$attack")" 2>&1)" ran
	# A cgroup namespace of one's own shows no more than one's own part.
	out=$(on $user "unshare -UrmC bash -c 'mkdir -p /tmp/c && mount -t cgroup2 none /tmp/c && cd /tmp/c && ls -d login $uid; echo max >memory.max && echo WROTE; echo ran'" 2>/dev/null)
	like "$user: nor by mounting cgroup2 anew" "$out" 'ran'
	unlike "$user: (nothing written)" "$out" 'WROTE'
	is "$user: all limits are what they were" "$(limits_of $user)" "$before"

	# What has no limit of its own has the container's.
	out=$(on $user 'mkdir /sys/fs/cgroup/free && echo 0 >/sys/fs/cgroup/free/cgroup.procs && attempt memory 400; echo "status $?"')
	unlike "$user: a cgroup of one's own gives no more memory" "$out" '^400$'
	like "$user: the hog in it is killed" "$out" '^status 137$'
	number "$user: nor more tasks" "$(on $user 'echo 0 >/sys/fs/cgroup/free/cgroup.procs && attempt fork 300')" -le 132
	succeeds "$user: the session lives, and another login works" on $user true

	# In a runtime's hands.
	if command -v crun >/dev/null; then
		rootfs=/srv/rootfs
		mkdir -p $rootfs/{bin,dev,proc,sys,tmp}
		for program in sh cat; do
			cp -L "$(command -v $program)" $rootfs/bin/
			ldd "$(command -v $program)" | grep -o '/[^ ]*' | while read -r library; do
				[ -e "$rootfs$library" ] || install -D "$library" "$rootfs$library"
			done
		done
		crun_bundle "$uid"
		# shellcheck disable=SC2016 # for the shell inside
		is "$user: crun sets limits" "$(on $user 'export XDG_RUNTIME_DIR=/run/user/$(id -u)
			mkdir bundle && cd bundle && cp -a /srv/rootfs /srv/config.json . 2>/dev/null
			crun --cgroup-manager=cgroupfs run crun-try 2>/tmp/log || cat /tmp/log')" "33554432
12"
	else
		missing "$user: crun sets limits" crun
	fi

	# More than there may be: an end for what the user makes, none for logins.
	made=$(on $user 'cd /sys/fs/cgroup && for ((i = 0; i < 1000; i++)); do mkdir many-$i 2>/dev/null || break; done; echo $i')
	number "$user: cgroups have an end" "$made" -le 512
	number "$user: and it is not near" "$made" -ge 400
	succeeds "$user: who made all of them still logs in" on $user true
	succeeds "$user: and again" on $user true
	on $user 'cd /sys/fs/cgroup && rmdir many-*'
	deep=$(on $user 'cd /sys/fs/cgroup && for ((i = 0; i < 100; i++)); do mkdir d 2>/dev/null && cd d || break; done; echo $i')
	number "$user: depth has an end" "$deep" -le 16
	number "$user: and it is not near" "$deep" -ge 8

	# init and all else may be moved: what the user does to the own container is the user's.
	on $user 'mkdir /sys/fs/cgroup/moved; for pid in 1 $(pgrep -u $(id -u)); do echo $pid >/sys/fs/cgroup/moved/cgroup.procs; done' 2>/dev/null
	succeeds "$user: processes in cgroups of one's own, a login beside them" on $user \
		'cd /sys/fs/cgroup && mkdir -p kept/a/b && (echo 0 >kept/a/b/cgroup.procs; setsid sleep 1000 </dev/null >/dev/null 2>&1 &)'
	release

	# The supervisor's death, and another one.
	if [ $user = alice ]; then
		log_mark
		kill -KILL "$(supervisors)"
		succeeds "a supervisor that comes after a dead one takes the container over" on $user true
		logged "it says so" 'container adopted: user=alice'
		like "sessions still get leaves of their own" "$(on $user 'cat /proc/self/cgroup')" '^0::/login/s'
		made=$(on $user 'cd /sys/fs/cgroup && for ((i = 0; i < 300; i++)); do mkdir again-$i 2>/dev/null || break; done; echo $i')
		number "and the user still makes cgroups" "$made" -ge 200
	fi
	succeeds "$user: what runs in a nested cgroup keeps the container" has_container $user
	succeeds "$user: ctrctl kill ends it" ctrctl kill $user
	succeeds "$user: and it is gone" wait_for 20 no_container $user
done

is "nesting = no: sessions are where they always were" "$(on carol 'cat /proc/self/cgroup | grep -c "^0::/s"')" 1
fails "and nothing is the user's" on carol 'mkdir /sys/fs/cgroup/mine'
end_all

# The last process of a nested cgroup ends: so does the container.
on bob 'cd /sys/fs/cgroup && mkdir -p last/a && (echo 0 >last/a/cgroup.procs; setsid sleep 2 </dev/null >/dev/null 2>&1 &)'
succeeds "the container ends with its last process" wait_for 20 no_container bob

for user in alice bob; do
	ctrctl root reset $user >/dev/null 2>&1
done
nothing_left "nothing is left" 20
done_testing
