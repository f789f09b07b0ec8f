#!/bin/bash
# Devices by rules, seen from logins: each profile, terminals, users and groups, what an admin is
# told.  What comes and goes meanwhile, and who attacks it, is 74-devices.sh.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

rm -f /etc/pam_ctr.conf.d/00-profile.conf
policy </dev/null
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

rm -rf /dev/fuse /dev/net /dev/loop-control
snapshot_take
nothing_left "nothing is left"
done_testing
