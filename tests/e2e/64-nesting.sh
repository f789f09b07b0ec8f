#!/bin/bash
# nesting = yes: user namespaces, bwrap, crun, runc and rootless podman inside a container, and what
# they must not reach; nesting = no: no user namespace, for root inside neither.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

rm /etc/pam_ctr.conf.d/00-profile.conf
policy <<END
[default]
profile = machine
nesting = yes
[user bob]
nesting = no
[user carol]
profile = sealed
nesting = yes
END

# Both streams are made one inside: ssh brings the halves of a line of two streams in any order.
root_in() { # USER COMMAND
	on "$1" "sudo -n bash -c $(printf %q "$2") 2>&1"
}

# Something small to run in a container in the container.
rootfs=/srv/rootfs
mkdir -p $rootfs/{bin,dev,proc,sys,tmp,etc,run}
for program in sh cat id; do
	cp -L "$(command -v $program)" $rootfs/bin/
	ldd "$(command -v $program)" | grep -o '/[^ ]*' | while read -r library; do
		[ -e "$rootfs$library" ] || install -D "$library" "$rootfs$library"
	done
done
echo root:x:0:0:root:/:/bin/sh >$rootfs/etc/passwd
snapshot_take

for user in alice carol; do
	is "$user: unshare -Ur" "$(on $user 'unshare -Ur id -u')" 0
	is "$user: with PIDs and a /proc of its own" "$(on $user 'unshare -Urpf --mount-proc sh -c "echo \$\$ \$(cat /proc/1/comm)"')" "1 sh"
	if command -v bwrap >/dev/null; then
		like "$user: bwrap --unshare-all" "$(on $user 'bwrap --unshare-all --dev /dev --proc /proc --ro-bind / / id' 2>&1)" \
			"^uid=$(id -u $user)\($user\)"
	else
		missing "$user: bwrap" bwrap
	fi
	for runtime in crun runc; do
		if ! command -v $runtime >/dev/null; then
			if [ $runtime = crun ]; then missing "$user: crun" crun; else skip "$user: $runtime" "not installed"; fi
			continue
		fi
		if [ $runtime = runc ] && ! cgroup_is_v2; then
			skip "$user: runc" "it wants to see cgroup v1's devices, which no container does"
			continue
		fi
		# shellcheck disable=SC2016
		is "$user: $runtime runs a rootless bundle" "$(on $user 'export XDG_RUNTIME_DIR=/run/user/$(id -u)
			mkdir -p bundle && cd bundle && rm -f config.json && cp -a /srv/rootfs . 2>/dev/null
			'$runtime' spec --rootless && perl -MJSON::PP -e "
				local \$/; open F, q(config.json); my \$c = decode_json(<F>); close F;
				\$c->{process}{terminal} = JSON::PP::false; \$c->{process}{args} = [q(/bin/sh), q(-c), q(echo in \$\$; id -u)];
				\$c->{linux}{uidMappings} = [{ containerID => 0, hostID => $(id -u), size => 1 }];
				\$c->{linux}{gidMappings} = [{ containerID => 0, hostID => $(id -g), size => 1 }];
				open F, q(>config.json); print F encode_json(\$c)"
			'$runtime' run '$runtime'-try 2>/tmp/log || cat /tmp/log')" "in 1
0"
	done
done

# podman maps more ids than one, by newuidmap: setuid, so in a machine.
if command -v podman >/dev/null && command -v newuidmap >/dev/null; then
	is "the ids for it are the container's own" "$(on alice 'cat /etc/subuid /etc/subgid; unshare -U --map-auto --map-root-user sed s/^.*/yes/ /proc/self/uid_map | tail -1')" \
		"2001:10000:55000
2001:10000:55000
yes"
	tar -C $rootfs -cf /srv/image.tar .
	mkdir -p /etc/containers
	[ -e /etc/containers/policy.json ] || echo '{ "default": [{ "type": "insecureAcceptAnything" }] }' >/etc/containers/policy.json
	for storage in vfs overlay; do
		# shellcheck disable=SC2016
		is "rootless podman with $storage storage" "$(LIMIT=60 on alice 'export XDG_RUNTIME_DIR=/run/user/2001
			podman="podman --root /tmp/'$storage' --storage-driver '$storage' --cgroup-manager cgroupfs"
			$podman import -q /srv/image.tar small >/dev/null 2>&1
			$podman run --rm --network none small /bin/sh -c "echo in; id -u" 2>/tmp/log || tail -3 /tmp/log')" "in
0"
		is "and as another of its users" "$(LIMIT=60 on alice 'export XDG_RUNTIME_DIR=/run/user/2001
			podman --root /tmp/'$storage' --storage-driver '$storage' --cgroup-manager cgroupfs run --rm --network none --user 1000 small /bin/id -u 2>&1')" 1000
	done
else
	skip "rootless podman" "podman or newuidmap is not installed"
fi
end_all

# --- root of nested namespaces is no more than root inside ------------------------------------------------

echo top-secret >/etc/secret
chmod 600 /etc/secret
attack='
	cat /etc/secret /etc/ssh/ssh_host_ed25519_key
	for command in "mount -t tmpfs x /mnt" "mount --bind / /mnt" "umount /proc" "umount /run/pam_ctr" "umount -l /etc" "mount -o remount,rw /srv" \
		"setfattr -n trusted.overlay.opaque -v y /opt" "mknod /opt/n c 1 1" "chattr +i /etc/issue"; do
		timeout 5 $command >/dev/null 2>&1 && echo "DID $command"
	done
	for file in kernel/core_pattern kernel/hostname kernel/sysrq vm/drop_caches; do echo 1 >/proc/sys/$file && echo "WROTE $file"; done
	for file in /sys/fs/cgroup/*/release_agent /sys/fs/cgroup/*/pids.max /sys/fs/cgroup/*/memory.limit_in_bytes /sys/fs/cgroup/memory.max; do
		[ -f $file ] && echo 1 >$file && echo "WROTE $file"
	done
	kill -9 1 && [ "$(readlink /proc/self/ns/pid)" = "$(readlink /proc/1/ns/pid)" ] && echo KILLED
	head -c 4 /proc/kcore && echo READ kcore
	echo ran'
quiet='Permission denied|Operation not permitted|Read-only|No such file|nonexistent directory|Device or resource busy|Invalid argument'
is "root inside: no mount of the container's, no secret" "$(root_in alice "$attack" | grep -Ev "$quiet")" ran
nested=$(printf %q "$attack
	umount -R /proc; umount -R /sys; umount /run/pam_ctr; cat /etc/shadow.d 2>/dev/null
	for hidden in /var/lib/pam_ctr /run/pam_ctr; do umount -l \$hidden 2>/dev/null && echo \"UNCOVERED \$hidden\"; done
	ls -A /var/lib/pam_ctr; mkdir /tmp/m && mount --rbind / /tmp/m && umount -l /tmp/m/var/lib/pam_ctr && echo UNCOVERED")
# In a mount namespace of its own it may cover what it sees, not uncover what is below.
out=$(on alice "unshare -Urmpf bash -c $nested 2>&1" | grep -Ev "$quiet")
is "root of a nested namespace uncovers nothing and reads nothing" \
	"$(grep -v '^DID mount -t tmpfs x /mnt$\|^DID mount --bind / /mnt$\|^umount:\|^mount:\|^ *dmesg' <<<"$out")" ran
out=$(root_in alice "unshare -mU --map-users=all --map-groups=all bash -c $nested" | grep -Ev "$quiet")
unlike "nor where it is made by root inside" "$out" 'UNCOVERED|WROTE|KILLED|READ|top-secret|OPENSSH|DID (umount|setfattr|mknod|chattr)'
out=$(root_in alice "unshare -m bash -c $nested" | grep -Ev "$quiet")
unlike "nor in a mount namespace of the container's own" "$out" 'UNCOVERED|WROTE|KILLED|READ|top-secret|OPENSSH|DID (umount|setfattr|mknod|chattr)'
# An overlay of one's own over the container's: its attributes are read as the user's, not the host's.
out=$(on alice 'unshare -Urm bash -c "
	mkdir -p /tmp/o/{u,w,m,l}; mkdir /tmp/o/l/d; setfattr -n user.overlay.redirect -v /closed /tmp/o/l/d
	mount -t overlay -o lowerdir=/etc,upperdir=/tmp/o/u,workdir=/tmp/o/w,userxattr x /tmp/o/m && cat /tmp/o/m/secret; chmod 666 /tmp/o/m/secret && cat /tmp/o/m/secret"' 2>&1)
unlike "an overlay of one's own over /etc shows no more" "$out" top-secret
end_all

# --- nesting = no ----------------------------------------------------------------------------------------------

for flag in -U -Ur "-U -p -f" "-U -m" "-U -n"; do
	fails "nesting = no: unshare $flag is refused" on bob "unshare $flag true"
	fails "for root inside, too" on bob "sudo -n unshare $flag true"
done
like "it says that there may be none" "$(on bob 'unshare -U true' 2>&1)" 'No space left|not permitted'
fails "the limit can't be raised by root inside" on bob 'sudo -n sh -c "echo 9 >/proc/sys/user/max_user_namespaces"'
if command -v bwrap >/dev/null; then
	fails "bwrap, too" on bob 'bwrap --unshare-all --ro-bind / / true'
fi
end_all
for user in alice bob carol; do
	ctrctl root reset $user >/dev/null
done
nothing_left "nothing is left"
done_testing
