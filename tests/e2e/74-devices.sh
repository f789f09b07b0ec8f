#!/bin/bash
# The host's devices in containers, by rules: which nodes are there, whose, and what opens, also by
# a node of another place; real loop devices of the test's own are plugged in and out meanwhile.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

# Loop devices of numbers that nobody else has: first to first+99.
first=$((600000 + RANDOM % 4000 * 100))
pattern="loop${first%00}??"
mknod -m 600 /dev/loop-control c 10 237
[ -e /sys/class/misc/loop-control ] || modprobe loop 2>/dev/null

loop_ioctl() { # REQUEST INDEX
	perl -e 'open(my $f, "+<", "/dev/loop-control") or die "loop-control: $!\n";
		defined(ioctl($f, hex($ARGV[0]), $ARGV[1] + 0)) or die "$ARGV[0] $ARGV[1]: $!\n"' "$1" $((first + $2))
}

plug() {
	loop_ioctl 4c80 "$1"
}

unplug() {
	loop_ioctl 4c81 "$1"
}

# Whatever happens: they are the machine's, not the world's.  An open of a number, too, makes a loop device.
unplug_all() {
	tap_exit
	local device
	for device in /sys/block/$pattern; do
		[ ! -e "$device" ] || wait_for 10 unplug $((${device##*/loop} - first)) || echo "# ${device##*/} is left"
	done
}
trap unplug_all EXIT

name() {
	echo "loop$((first + $1))"
}

# devices USER: what of ours a login of USER has, by the host's eye.
devices() {
	find "/proc/$(init_of "$1")/root/dev" -name "$pattern" -printf '%f\n' | sed "s/loop${first%00}0*\([0-9]\)/\1/" |
		sort -n | paste -sd ' '
}

has_devices() { # USER LIST
	[ "$(devices "$1")" = "$2" ]
}

helpers() {
	pgrep -x devices
}

# opened USER MODE FILE...: a letter a file, what open(2) says: + or P (EPERM), A (EACCES), N (none)
opened() {
	on "$1" "for f in ${*:3}; do perl -e '"'my %said = (1 => "P", 13 => "A", 2 => "N", 6 => "N");
		print open(my $f, $ARGV[0], $ARGV[1]) ? "+" : $said{$! + 0} || $! + 0'"' '$2' \$f; done" 2>&1
}

# Nodes that were made elsewhere, by the host's root: all may open them, as far as the modes go.
mkdir -p /srv/nodes
mknod -m 666 /srv/nodes/zero c 1 5
mknod -m 666 /srv/nodes/kmsg c 1 11
for i in 0 1 2 3; do mknod -m 666 "/srv/nodes/$i" b 7 $((first + i)); done

if ! plug 0; then
	skip "devices" "no loop devices here"
	done_testing
fi
policy </dev/null
snapshot_take

# --- no rules -------------------------------------------------------------------------------------

hold alice
is "without rules there is none" "$(devices alice)" ""
is "nor is there a helper" "$(helpers)" ""
is "a node made elsewhere does not open, unless it is of a harmless number" \
	"$(opened alice '<' /srv/nodes/zero /srv/nodes/kmsg /srv/nodes/0)" "+PP"
is "the harmless ones open" "$(opened alice '+<' /dev/null /dev/zero /dev/full /dev/urandom /dev/ptmx)" "+++++"
release
wait_for 10 no_containers

# --- cold plug ------------------------------------------------------------------------------------

policy <<END
[default]
devices = allow subsystem=block sysname=$pattern user=alice, allow subsystem=no-such, allow devnode=/dev/no-such
END
is "a device that is there at login is the user's" "$(on alice "stat -c '%F %a %U:%G' /dev/$(name 0)")" "block special file 600 alice:alice"
is "and opens, to read and to write" "$(opened alice '+<' "/dev/$(name 0)")" "+"
is "as does a node made elsewhere" "$(opened alice '<' /srv/nodes/0 /srv/nodes/1 /srv/nodes/kmsg)" "+PP"
hold bob
is "another user has none" "$(devices bob)$(opened bob '<' /srv/nodes/0)" "P"
release
wait_for 10 no_containers
is "the helper ends with the container" "$(helpers)" ""

# --- hot plug -------------------------------------------------------------------------------------

hold alice
log_mark
plug 1
if wait_for 5 has_devices alice "0 1"; then ok "a device plugged in appears"; else fail "a device plugged in appears" "$(devices alice)"; fi
is "and opens, from a session that was there" "$(opened alice '+<' "/dev/$(name 1)" /srv/nodes/1)" "++"
logged "it is logged" "device given: user=alice uid=2001 node=/dev/$(name 1) number=b7:$((first + 1)) access=rw"
log_mark
unplug 1
if wait_for 5 has_devices alice "0"; then ok "unplugged, it is gone"; else fail "unplugged, it is gone" "$(devices alice)"; fi
logged "that is logged, too" "device taken: user=alice .*$(name 1)"
plug 1
if wait_for 5 has_devices alice "0 1"; then ok "plugged in again, it is back"; else fail "plugged in again, it is back" "$(devices alice)"; fi
for i in 10 11 12 13 14 15; do plug $i; done
if wait_for 5 has_devices alice "0 1 10 11 12 13 14 15"; then ok "many at once"; else fail "many at once" "$(devices alice)"; fi
for i in 10 11 12 13 14 15; do unplug $i; done
if wait_for 5 has_devices alice "0 1"; then ok "and away"; else fail "and away" "$(devices alice)"; fi

# --- rules that change ----------------------------------------------------------------------------

cat >"$tap_dir/rules" <<END
[default]
devices = allow sysname=$pattern access=r subsystem=block, deny sysname=$(name 1)
END
policy <"$tap_dir/rules"
is "a changed rule is not yet" "$(devices alice)" "0 1"
is "it counts at the next login, by node" "$(on alice 'echo /dev/loop*')" "/dev/$(name 0)"
is "and by number, for all sessions" "$(opened alice '<' /srv/nodes/0 /srv/nodes/1)" "+P"
is "access=r: reads, whatever the user makes the mode" \
	"$(on alice "stat -c %a /dev/$(name 0); chmod 600 /dev/$(name 0)"; opened alice '+<' "/dev/$(name 0)")" "400
P"

# --- the supervisor dies --------------------------------------------------------------------------

old=$(container_of alice)
kill -KILL "$(supervisors)"
wait_for 5 test -z "$(supervisors)$(helpers)"
is "a helper does not outlive its supervisor" "$(helpers)" ""
unplug 0
plug 2
plug 3
is "the next login is in the same container" "$(container_of alice)" "$old"
is "what went meanwhile is gone, what came is there" "$(devices alice)" "2 3"
is "what is denied is so still; a mode of the user's own making is no right" \
	"$(opened alice '<' /srv/nodes/1 /srv/nodes/2)$(opened alice '+<' "/dev/$(name 2)" /srv/nodes/3)" "P+AP"

# --- the helper dies ------------------------------------------------------------------------------

log_mark
kill -KILL "$(helpers)"
logged "a helper that ends at once leaves no devices" "helper .* ended: without it there are no devices"
is "none" "$(devices alice)$(opened alice '<' /srv/nodes/2)" "P"
policy <<END
[default]
devices = allow sysname=$pattern subsystem=block, allow sysname=no-such
END
is "with other rules there is one again" "$(on alice true; devices alice)" "1 2 3"
is_old() {
	[ "$(ps -o etimes= -p "$(helpers)")" -gt 11 ]
}
wait_for 20 is_old
log_mark
kill -KILL "$(helpers)"
logged "one that ran for long is started again" "helper .* ended, and is started again"
unplug 3
if wait_for 5 has_devices alice "1 2"; then ok "and looks after devices"; else fail "and looks after devices" "$(devices alice)"; fi
release
end_all

# --- the host's own disks -------------------------------------------------------------------------

# As mount(8) claims a device: the kernel does not care who did it.
mknod -m 600 "/dev/$(name 1)" b 7 $((first + 1))
coproc CLAIM { exec perl -e 'use Fcntl; sysopen(my $f, $ARGV[0], O_RDONLY | O_EXCL) or die "$!\n"; $| = 1; print "mine\n"; <STDIN>' "/dev/$(name 1)" 2>&1; }
claim=$CLAIM_PID
read -r -t $((10 * patience)) -u "${CLAIM[0]}" line
is "a disk is in use" "$line" mine
log_mark
is "a rule of patterns does not give it away" "$(on alice 'echo /dev/loop*')" "/dev/$(name 2)"
logged "which is told" "device refused: user=alice .* number=b7:$((first + 1)) text=\"the host uses it"
wait_for 10 no_containers
policy <<END
[default]
devices = allow subsystem=block sysname=$pattern, allow devnode=/dev/$(name 1) access=r
END
is "one that names it does" "$(opened alice '<' "/dev/$(name 1)")$(opened alice '+<' "/dev/$(name 1)")" "+A"
kill "$claim"
wait "$claim" 2>/dev/null
rm "/dev/$(name 1)"
wait_for 10 no_containers

# --- groups, and names with directories -----------------------------------------------------------

# As a GPU is given: a node that sysfs knows nothing of, in a directory, for one group.  It opens as
# far as there is a driver: N.
mkdir -p /dev/lab/dri
mknod -m 600 /dev/lab/dri/card0 c 195 0
mknod -m 666 /srv/nodes/card0 c 195 0
policy <<END
[default]
devices = allow group=lab devnode=/dev/lab/dri/card0
END
is "a device for one group, with its directories" "$(on alice 'stat -c "%a %U %t:%T" /dev/lab/dri/card0; stat -c %a /dev/lab/dri')" "600 alice c3:0
755"
is "not for others, by any name" "$(on carol 'ls -d /dev/lab 2>&1 | grep -c "No such"')$(opened alice '<' /dev/lab/dri/card0)$(opened carol '<' /srv/nodes/card0)" 1NP
like "plan tells it for the one" "$(ctrctl plan alice)" '^host +devices .*allow devnode=/dev/lab/dri/card0'
unlike "and not for the other" "$(ctrctl plan carol)" '^host +devices '
rm -r /dev/lab
wait_for 10 no_containers

# --- every profile --------------------------------------------------------------------------------

rm /etc/pam_ctr.conf.d/00-profile.conf
for profile in shared sealed machine; do
	policy <<-END
		[default]
		profile = $profile
		devices = allow subsystem=block sysname=$pattern
	END
	hold alice
	is "$profile: the device is the user's" "$(on alice "stat -c '%a %U:%G' /dev/$(name 2)")" "600 alice:alice"
	is "$profile: it opens" "$(opened alice '+<' "/dev/$(name 2)")" "+"
	plug 3
	if wait_for 5 has_devices alice "1 2 3"; then ok "$profile: hot plug"; else fail "$profile: hot plug" "$(devices alice)"; fi
	is "$profile: that opens, too" "$(opened alice '+<' "/dev/$(name 3)")" "+"
	unplug 3
	if wait_for 5 has_devices alice "1 2"; then ok "$profile: unplug"; else fail "$profile: unplug" "$(devices alice)"; fi
	if [ $profile = machine ]; then
		like "machine: root inside makes no nodes" "$(on alice 'sudo mknod /tmp/disk b 7 0' 2>&1)" 'Operation not permitted'
		log_mark
		on alice "sudo sh -c 'ln -s /etc/passwd /dev/$(name 3); ln /dev/$(name 2) /dev/kept; rm /dev/$(name 1); mv /dev/$(name 2) /dev/moved'" 2>&1
		plug 3
		logged "machine: a name that root inside has taken is not followed" "device failed: user=alice .*/dev/$(name 3).* the user's own"
		is "machine: nor replaced" "$(on alice "readlink /dev/$(name 3)")" /etc/passwd
		is "machine: what the host's file is did not change" "$(stat -c '%a %U' /etc/passwd)" "644 root"
		unplug 3
		unplug 2
		policy <<-END
			[default]
			profile = machine
			devices = allow subsystem=block sysname=$(name 1)
		END
		on alice true
		plug 2
		is "machine: a link or another name that was kept opens nothing" "$(opened alice '<' /dev/kept /dev/moved)" "PP"
		on alice "sudo rm -f /dev/kept /dev/moved /dev/$(name 3)"
	fi
	release
	end_all
done
printf '[group everybody]\nprofile = shared\n' >/etc/pam_ctr.conf.d/00-profile.conf

# --- what kernels have ----------------------------------------------------------------------------


# misc NAME PROGRAM: what PROGRAM, perl's, says with the node opened as $f
misc() {
	local number file=/dev/$1
	if ! read -r number 2>/dev/null <"/sys/class/misc/${1##*/}/dev"; then
		skip "$file" "this kernel has none"
		return
	fi
	mkdir -p "${file%/*}"
	mknod -m 600 "$file" c "${number%:*}" "${number#*:}"
	policy <<-END
		[default]
		devices = allow devnode=$file
	END
	is "$file" "$(on alice "perl -e 'open(my \$f, \"+<\", \"$file\") or die \"open: \$!\"; $2'" 2>&1)" good
	wait_for 10 no_containers
	rm "$file"
}
misc fuse 'print "good"'
# TUNGETFEATURES
misc net/tun 'my $b = "\0" x 4; print ioctl($f, 0x800454cf, $b) ? "good" : $!'
# KVM_GET_API_VERSION
misc kvm 'print ioctl($f, 0xae00, 0) == 12 ? "good" : $!'
rmdir /dev/net 2>/dev/null

# --- and nothing of it is left --------------------------------------------------------------------

end_all
nothing_left "nothing is left"
rm -r /srv/nodes
done_testing
