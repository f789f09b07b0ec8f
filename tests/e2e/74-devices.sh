#!/bin/bash
# Devices by rules: what is there, what comes and goes while the user is logged in, and that the
# kernel opens nothing else, wherever a node lies.  Real devices: /dev/fuse, kmsg, loop devices of
# the test's own.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

rm -f /etc/pam_ctr.conf.d/00-profile.conf
policy </dev/null
loops=()
loop_add() { # NUMBER
	perl -e 'open my $c, "+<", "/dev/loop-control" or exit 1; exit(defined ioctl($c, 0x4C80, $ARGV[0]+0) ? 0 : 1)' "$1" && loops+=("$1")
}
loop_remove() {
	perl -e 'open my $c, "+<", "/dev/loop-control" or exit 1; exit(defined ioctl($c, 0x4C81, $ARGV[0]+0) ? 0 : 1)' "$1"
}
cleanup() {
	local number
	for number in "${loops[@]}"; do loop_remove "$number" 2>/dev/null; done
	tap_exit
}
trap cleanup EXIT
# The world's /dev is made for it; the kernel's numbers are all that counts.
node() { # NAME TYPE MAJOR MINOR
	mkdir -p "/dev/$(dirname "$1")"
	[ -e "/dev/$1" ] || mknod -m 600 "/dev/$1" "$2" "$3" "$4"
}
node fuse c 10 229
node net/tun c 10 200
node loop-control c 10 237
cat >/srv/look <<'END'
#!/bin/bash
# look NODE...: how each is opened, to read and to write
for node; do
	r=no w=no
	{ : <"$node"; } 2>/dev/null && r=yes
	{ : >>"$node"; } 2>/dev/null && w=yes
	echo "${node##*/} $r $w"
done
END
chmod 755 /srv/look
snapshot_take

policy_of() { # LINE...: of [default]
	policy < <(printf '%s\n' '[default]' "$@")
}

# --- what is there -------------------------------------------------------------------------------------

for profile in shared sealed machine; do
	policy_of "profile = $profile" 'devices = allow devnode=/dev/fuse, allow devnode=/dev/net/tun access=r'
	is "$profile: what the rules allow" "$(on alice '/srv/look /dev/fuse /dev/net/tun' | xargs)" "fuse yes yes tun yes no"
	is "$profile: is the user's" "$(on alice 'stat -c "%U %a %t:%T" /dev/fuse')" "alice 600 a:e5"
	is "$profile: and the rest is not there" "$(on alice 'ls /dev/mem /dev/port /dev/loop-control /dev/kmsg 2>/dev/null')" ""
	is "$profile: what is always there works" "$(on alice 'echo x >/dev/null && head -c 1 /dev/zero | wc -c && head -c 1 /dev/urandom | wc -c' | xargs)" "1 1"
	like "$profile: a terminal" "$(on_tty alice 'tty; echo typed >/dev/tty')" typed
	like "$profile: the terminal that su came from" "$(script -qec "su alice -c 'echo typed >\\\$(tty)'" /dev/null </dev/null)" typed
	end_all
done
policy_of 'profile = sealed'
is "without rules there is none" "$(on alice 'ls /dev/fuse /dev/kmsg 2>/dev/null')" ""
is "and no helper" "$(pgrep -x devices)" ""
end_all

# A node that the host's root made for whoever comes by: by number it is the user's to open, or not.
mkdir -p /srv/nodes
mknod -m 666 /srv/nodes/loop-control c 10 237
mknod -m 666 /srv/nodes/fuse c 10 229
mknod -m 666 /srv/nodes/null c 1 3
policy_of 'profile = shared' 'devices = allow devnode=/dev/fuse'
is "nodes made elsewhere" "$(on alice '/srv/look /srv/nodes/loop-control /srv/nodes/fuse /srv/nodes/null' | xargs)" \
	"loop-control no no fuse yes yes null yes yes"
policy_of 'profile = shared' 'devices = allow devnode=/dev/fuse, deny subsystem=misc'
is "the last rule that matches counts, at the next login" "$(on alice '/srv/look /dev/fuse /srv/nodes/fuse' | xargs)" "fuse no no fuse no no"
end_all
# What a root of one's own is made of opens no device, of any number.
policy_of 'profile = sealed' 'devices = allow devnode=/dev/fuse'
is "sealed: nodes made elsewhere" "$(on alice '/srv/look /srv/nodes/loop-control /srv/nodes/fuse /srv/nodes/null' | xargs)" \
	"loop-control no no fuse no no null no no"
end_all
rm -r /srv/nodes

# --- for whom -------------------------------------------------------------------------------------------

policy_of 'profile = sealed' "devices = allow user=alice devnode=/dev/fuse, allow group=$(id -gn bob) devnode=/dev/net/tun"
is "a user's and a group's: alice" "$(on alice '/srv/look /dev/fuse /dev/net/tun' | xargs)" "fuse yes yes tun no no"
is "a user's and a group's: bob" "$(on bob '/srv/look /dev/fuse /dev/net/tun' | cut -d ' ' -f 1,2 | xargs)" "fuse no tun yes"
is "and nobody's: carol" "$(on carol '/srv/look /dev/fuse /dev/net/tun' | xargs)" "fuse no no tun no no"
policy < <(printf '%s\n' '[default]' 'profile = sealed' '[user carol]' 'devices = allow devnode=/dev/fuse')
is "of a section of one's own" "$(on carol '/srv/look /dev/fuse' | xargs)" "fuse yes yes"
end_all
like "ctrctl devices: a user's" "$(ctrctl devices carol)" '^/dev/fuse c 10:229 rw$'
like "ctrctl devices: none" "$(ctrctl devices alice 2>&1)" 'no rule gives alice any'
like "ctrctl devices: all" "$(ctrctl devices)" '^/dev/null c 1:3 rw$'
policy_of 'devices = allow ID_MODEL_FROM_DATABASE=x, allow tag=seat'
if [ -e /run/udev/control ]; then
	unlike "check: udevd runs" "$(ctrctl check 2>&1)" note
else
	like "check: what needs udevd" "$(ctrctl check 2>&1)" 'note: /etc/pam_ctr.conf:[0-9]+: devices: "ID_MODEL_FROM_DATABASE" is what udevd tells'
	like "check: a tag" "$(ctrctl check 2>&1)" 'devices: "tag" is what udevd tells'
fi

# --- what comes and goes ---------------------------------------------------------------------------------

if ! loop_add 4321 2>/dev/null; then
	skip "hot plug" "no loop devices here"
else
	loop_remove 4321
	policy_of 'profile = sealed' 'devices = allow subsystem=block sysname=loop432*'
	hold alice
	inside() { # COMMAND: in the login's container
		nsenter -t "$(init_of alice)" -m -p "$@"
	}
	is "not there yet" "$(on alice 'ls /dev/loop432* 2>/dev/null')" ""
	loop_add 4321
	succeeds "plugged in: the node comes to who is logged in" wait_for 5 inside test -b /dev/loop4321
	is "and opens" "$(on alice '/srv/look /dev/loop4321' | xargs)" "loop4321 yes yes"
	loop_add 4322
	succeeds "a second one" wait_for 5 inside test -b /dev/loop4322
	loop_remove 4321
	succeeds "plugged out: it goes" wait_for 5 inside test ! -e /dev/loop4321
	is "the other stays" "$(on alice '/srv/look /dev/loop4322' | xargs)" "loop4322 yes yes"
	# Named, put there, and plugged in again: what is the user's is not replaced.
	on alice 'touch /dev/loop4323 2>/dev/null || :'
	loop_add 4323
	succeeds "a third" wait_for 5 inside test -e /dev/loop4323
	loop_remove 4323
	# The supervisor dies, and things come and go without it.
	kill -KILL "$(supervisors)"
	loop_add 4321
	loop_remove 4322
	is "another supervisor: what is there now" "$(on alice '/srv/look /dev/loop4321 /dev/loop4322' | xargs)" "loop4321 yes yes loop4322 no no"
	is "one helper" "$(pgrep -xc devices)" 1
	# The helper dies: what is there stays, and the next login starts another.
	log_mark
	kill -KILL "$(pgrep -x devices)"
	logged "a dead helper is told" 'devices: user=alice .* ended'
	loop_remove 4321
	is "the next login finds what there is" "$(on alice '/srv/look /dev/loop4321' | xargs)" "loop4321 no no"
	release
	end_all
	is "no helper is left" "$(pgrep -x devices)" ""
	# How long it takes, from the call's return to the node.
	hold alice
	started=${EPOCHREALTIME/./}
	loop_add 4321
	until inside test -b /dev/loop4321; do :; done
	number "in well under a second: ms" "$(((${EPOCHREALTIME/./} - started) / 1000))" -lt 5000
	release
	loop_remove 4321
	end_all
fi
rm -rf /dev/fuse /dev/net /dev/loop-control
snapshot_take
nothing_left "nothing is left"
done_testing
