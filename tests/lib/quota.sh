# Sourced by tests of limits on disks: file systems with project quotas, on loop devices.
# shellcheck shell=bash

# The world's /dev has no loop devices; autoclear lets the one go that is taken.
loop_device() {
	local device
	modprobe -q -a loop quota_v2 2>/dev/null || true
	[ -e /dev/loop-control ] || mknod -m 600 /dev/loop-control c 10 237
	device=$(losetup -f) || return
	[ -e "$device" ] || mknod -m 600 "$device" b 7 "${device#/dev/loop}"
}

# quota_disk DIRECTORY [ext4|xfs]: one that counts projects, mounted there
quota_disk() {
	loop_device || return
	rm -f /srv/disk && truncate -s 400M /srv/disk || return
	case ${2:-ext4} in
	ext4) mkfs.ext4 -q -O quota,project -E quotatype=prjquota /srv/disk ;;
	xfs) mkfs.xfs -q /srv/disk ;;
	esac && mount -o loop,prjquota /srv/disk "$1"
}
