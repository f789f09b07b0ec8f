#!/bin/bash
# ctrctl boot: what it does besides the cgroup tree, twice, with users logged in, with a faulty policy.
# What it does to a tree of the machine's own is shown in guests (tests/vm/init) and by
# tests/system/test_cgroup_mount.c: a test must not set up this machine.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

code() {
	local status=0
	"$@" >/dev/null 2>&1 || status=$?
	echo "$status"
}

mode() {
	stat -c '%F %a %U' /run/pam_ctr
}

policy </dev/null
mkdir -p /run/systemd/system
rm -rf /run/pam_ctr
like "what is to do" "$(ctrctl boot -n)" '^host +directory +/run/pam_ctr mode=0700 '
is "by the exit code, too" "$(code ctrctl boot --dry-run)" 1
is "nothing was done" "$(ls -d /run/pam_ctr 2>/dev/null)" ""
said=$(ctrctl boot -v 2>&1)
is "it is done" "$?" 0
like "and told" "$said" '^host +directory +/run/pam_ctr '
like "systemd's tree is left alone" "$said" '^# cgroups are left alone: systemd'
is "the directory" "$(mode)" "directory 700 root"
is "nothing more to do" "$(ctrctl boot -n; echo $?)" 0
like "nor is there" "$(ctrctl boot -v)" 'the host has what it needs'
is "without -v nothing is said" "$(ctrctl boot; echo $?)" 0
chmod 755 /run/pam_ctr
like "one that others can read" "$(ctrctl boot -n)" '/run/pam_ctr'
is "is mended" "$(code ctrctl boot)" 0
is "as it was" "$(mode)" "directory 700 root"
chmod 777 /run/pam_ctr
is "one that others can write to is not trusted" "$(code ctrctl boot)" 4
like "and told, with what to do" "$(ctrctl boot 2>&1)" 'written by others than root: look what is in it, then'
rmdir /run/pam_ctr
mkdir /tmp/elsewhere
ln -s /tmp/elsewhere /run/pam_ctr
is "a link in its place: exit code" "$(code ctrctl boot)" 4
like "and told" "$(ctrctl boot 2>&1)" '/run/pam_ctr'
is "nothing is behind it" "$(ls /tmp/elsewhere)" ""
rm -r /run/pam_ctr /tmp/elsewhere
like "without any mount: left alone" "$(unshare -m sh -c 'umount -R /sys/fs/cgroup; ctrctl boot -v')" 'left alone'
for try in 1 2 3; do
	rm -rf /run/pam_ctr
	ctrctl boot &
	first=$!
	is "two at once, $try" "$(code ctrctl boot)" 0
	wait "$first"
	is "the other, $try" "$?" 0
	is "the directory, $try" "$(mode)" "directory 700 root"
done

is "by a user" "$(code plain bob '/usr/sbin/ctrctl boot')" 3
is "usage" "$(code ctrctl boot now)" 2
is "not with another command's option" "$(code ctrctl boot --json)" 2

rmdir /run/systemd/system /run/systemd

# From here on logins come, for which the tree must be what it is: v1, or a guest's.
if cgroup_is_v2 && [ ! -e /usr/local/sbin/vm-agent ]; then
	skip "boot with users logged in" "it would set up this machine's own cgroup tree"
	done_testing
fi
succeeds "boot" ctrctl boot

# What a last boot left, where /run outlives one.
root=$(ls -d /sys/fs/cgroup/pids 2>/dev/null || echo /sys/fs/cgroup)
hold alice
cp /run/pam_ctr/2001/record /tmp/record
ctrctl boot
is "with a user logged in" "$?" 0
box=$(container_of alice)
succeeds "she works on" on alice true
is "inside: told, not done" "$(code nsenter -t "$(init_of alice)" -m -p -i -u /usr/sbin/ctrctl boot)" 3
kill -KILL "$(supervisors)"
wait_for 5 sh -c '! pgrep -x supervisor'
like "her supervisor died: adopted" "$(ctrctl boot)" '^alice \(uid 2001\): adopted, sessions: 1$'
is "the same container" "$(container_of alice)" "$box"
release
wait_for 10 no_containers
(umask 077 && mkdir -p /run/pam_ctr/2001 /run/pam_ctr/4711)
mv /tmp/record /run/pam_ctr/2001/record
mkdir -p "$root/$WORLD_CGROUP/x.slice/4711/s1" "$root/$WORLD_CGROUP/2001"
# As OpenRC calls it, in a cgroup of the service's own.
service=$root/$WORLD_CGROUP-service
mkdir "$service"
said=$(echo 0 >"$service/cgroup.procs" && ctrctl boot)
is "a record of a dead container, a directory, cgroups" "$?" 0
like "removed and told" "$said" '^alice \(uid 2001\): removed, it was dead'
succeeds "nothing was made in the service's" rmdir "$service"
is "none of them is left" "$(ls /run/pam_ctr; find /sys/fs/cgroup -path "*/$WORLD_CGROUP*")" ""

rm -f /var/lib/pam_ctr/seccomp/*
ctrctl boot
isnt "filters are compiled ahead" "$(ls /var/lib/pam_ctr/seccomp)" ""

rm -rf /run/pam_ctr
echo 'no_such_key = 1' | policy
said=$(ctrctl boot -v 2>&1)
is "a faulty policy: exit code" "$?" 1
like "it is told where" "$said" '/etc/pam_ctr.conf:[0-9]+: no_such_key'
like "and what that means" "$said" 'THE POLICY IS AT FAULT: logins are refused'
is "the rest was done" "$(mode)" "directory 700 root"
fails "logins are refused" on alice true
printf '[default]\nseccomp = no-such-filter\n' | policy
mkdir -p "$root/$WORLD_CGROUP/x.slice/4711"
is "a filter that is not there: exit code" "$(code ctrctl boot)" 1
is "the cgroups are swept all the same" "$(find /sys/fs/cgroup -path "*/$WORLD_CGROUP*")" ""
policy </dev/null
is "mended" "$(code ctrctl boot)" 0
succeeds "logins go on" on alice true

# The services of those inits that have a shell, as far as they go without their init.
repo=$(cd "$(dirname "$0")/../.." && pwd)
service=$repo/etc/init/sysvinit/pam-ctr
rm -rf /run/pam_ctr
is "sysvinit: status before" "$(code sh "$service" status)" 3
like "start" "$(sh "$service" start 2>&1)" "Preparing the host for pam_ctr's containers"
is "status" "$(code sh "$service" status)" 0
is "restart" "$(code sh "$service" restart)" 0
hold alice
is "stop" "$(code sh "$service" stop)" 0
succeeds "ends nobody" on alice true
release
is "usage" "$(code sh "$service" nonsense)" 2
echo 'no_such_key = 1' | policy
is "a faulty policy: start" "$(code sh "$service" start)" 1
is "runit: the shell that sources it lives on" \
	"$(sh -ec ". '$repo/etc/init/runit/core-services/60-pam-ctr.sh'; echo alive" 2>/dev/null)" alive
# OpenRC has what it gives to services in a directory of PATH.
mkdir /tmp/rc
printf '#!/bin/sh\necho "ebegin $*"\n' >/tmp/rc/ebegin
printf '#!/bin/sh\necho "eend $*"\nexit "$1"\n' >/tmp/rc/eend
chmod 755 /tmp/rc/*
openrc() {
	PATH=/tmp/rc:$PATH sh -c ". '$repo/etc/init/openrc/pam-ctr'; $1" 2>/dev/null
}
is "OpenRC: a faulty policy is told to it" "$(openrc start | tail -n 1)" "eend 1"
policy </dev/null
is "started" "$(openrc start)" "ebegin Preparing the host for pam_ctr's containers
eend 0"
is "s6: a oneshot" "$(cat "$repo/etc/init/s6/pam-ctr/type")" oneshot
wait_for 10 no_containers
done_testing
