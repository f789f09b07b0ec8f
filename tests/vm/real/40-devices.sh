#!/bin/bash
# Devices that come and go under the host's own udevd: given by its properties and tags, taken when the
# device goes, or its tag.  A SCSI disk and its generic device, which Debian's udev rules describe.
# shellcheck source=guest.sh
. "$(dirname "$0")/guest.sh"

is "udevd runs" "$(host 'pgrep -x udevd >/dev/null || pgrep -x systemd-udevd >/dev/null && echo yes')" yes
cat >"$tap_dir/rules" <<'END'
SUBSYSTEM=="block", ENV{ID_MODEL}=="scsi_debug", TAG+="lab", SYMLINK+="lab-disk"
END
"$VM_SSH" root 'cat >/etc/udev/rules.d/90-lab.rules; udevadm control --reload' <"$tap_dir/rules"
plug() {
	host 'modprobe scsi_debug dev_size_mb=8 && udevadm settle'
	disk=/dev/$(host 'ls /sys/bus/pseudo/drivers/scsi_debug/adapter0/host*/target*/*/block')
	generic=/dev/$(host 'ls /sys/bus/pseudo/drivers/scsi_debug/adapter0/host*/target*/*/scsi_generic')
}
unplug() {
	host 'modprobe -r scsi_debug; udevadm settle'
}
# there USER NODE, not_there USER NODE: waited for in the user's login; opened, not only seen
there() {
	on "$1" "for i in \$(seq 100); do head -c 512 $2 2>/dev/null | wc -c | grep -qx 512 && exit 0; sleep 0.1; done; exit 1"
}
not_there() {
	on "$1" "for i in \$(seq 100); do [ -e $2 ] || exit 0; sleep 0.1; done; exit 1"
}

snapshot_take
plug
like "udevd knows its properties" "$(host "udevadm info $disk")" '^E: ID_MODEL=scsi_debug$'
like "and its tag" "$(host "udevadm info $disk")" '^E: TAGS=.*:lab:'
unplug

# --- a property, on a device that comes while the user is logged in -----------------------------------------------

policy < <(printf '%s\n' '[user alice]' 'devices = allow subsystem=block ID_MODEL=scsi_debug' \
	'[user bob]' 'devices = allow subsystem=block ID_MODEL=other, allow tag=lab' \
	'[user carol]' 'devices = allow subsystem=block, deny ID_MODEL=scsi_debug, allow tag=elsewhere')
is "check has nothing to say, of udevd neither" "$(host 'ctrctl check' 2>&1)" "/etc/pam_ctr.conf: no faults"
hold alice || fail "a login that stays"
plug
if there alice "$disk"; then ok "by a property: it comes to a login that is there"; else fail "by a property" "$(on alice 'ls -l /dev')" "$(log_since)"; fi
is "it is hers" "$(on alice "stat -c '%U %F' $disk")" "alice block special file"
like "ctrctl devices lists it" "$(host 'ctrctl devices alice')" "^$disk b "
fails "the generic one of the same disk is not there" on alice "test -e $generic"
number "she can write it" "$(on alice "head -c 4096 /dev/urandom | dd of=$disk bs=4096 conv=notrunc,fsync 2>&1 | grep -c '4096 bytes'")" -eq 1
if there bob "$disk"; then ok "by a tag: there at bob's first login"; else fail "by a tag" "$(on bob 'ls -l /dev')"; fi
is "carol, whom no rule gives it, has none" "$(on carol 'ls /dev/sd* 2>/dev/null')" ""
unplug
if not_there alice "$disk"; then ok "unplugged, the node goes"; else fail "unplugged, the node goes" "$(on alice "ls -l $disk")"; fi

# The number is taken, too: of another device that now has it.
end_all
host "rm -f /srv/node; mknod -m 666 /srv/node b $(host "modprobe scsi_debug dev_size_mb=8; udevadm settle; cat /sys/block/${disk#/dev/}/dev" | tr ':' ' ')"
policy < <(printf '%s\n' '[user alice]' 'profile = shared' 'devices = allow tag=lab')
hold alice || fail "a login that stays"
succeeds "shared: by number, wherever the node is" on alice 'head -c 512 /srv/node >/dev/null'

# --- a tag that is given and taken by udevd, the device staying -----------------------------------------------------

host "rm /etc/udev/rules.d/90-lab.rules; udevadm control --reload; udevadm trigger --action=change --settle --name-match=$disk"
unlike "the tag is gone" "$(host "udevadm info $disk")" '^E: CURRENT_TAGS=.*:lab:'
if on alice 'for i in $(seq 100); do head -c 512 /srv/node >/dev/null 2>&1 || exit 0; sleep 0.1; done; exit 1'; then
	ok "so is the right, in the login that is there"
else
	fail "the right goes with the tag" "$(host "udevadm info $disk")"
fi
"$VM_SSH" root "cat >/etc/udev/rules.d/90-lab.rules; udevadm control --reload; udevadm trigger --action=change --settle --name-match=$disk" <"$tap_dir/rules"
if there alice "$disk"; then ok "and comes again with it"; else fail "and comes again with it" "$(on alice "ls -l $disk")"; fi
release
unplug
host 'rm -f /srv/node /etc/udev/rules.d/90-lab.rules; udevadm control --reload'

# --- a module's device, without properties ---------------------------------------------------------------------------

end_all
policy_of 'devices = allow devnode=/dev/ttyprintk'
hold alice || fail "a login that stays"
fails "a module that is not loaded has none" on alice 'test -e /dev/ttyprintk'
host 'modprobe ttyprintk; udevadm settle'
if on alice 'for i in $(seq 100); do [ -c /dev/ttyprintk ] && exec echo typed >/dev/ttyprintk; sleep 0.1; done; exit 1'; then
	ok "loaded, it is there, and can be written"
else
	fail "loaded, it is there" "$(on alice 'ls -l /dev')"
fi
host 'modprobe -r ttyprintk'
if not_there alice /dev/ttyprintk; then ok "and goes with it"; else fail "and goes with it"; fi
release
end_all
nothing_left "nothing is left"
done_testing
