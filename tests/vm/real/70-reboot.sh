#!/bin/bash
# The power goes while users are logged in, and comes back: what containers left in /var/lib/pam_ctr is
# no hindrance, and what users had in homes and in roots of their own is there.  Two boots, from
# cold, of one disk, in a guest of its own.
# shellcheck source=../../lib/tap.sh
. "$(dirname "$0")/../../lib/tap.sh"

real=$(cd "$(dirname "$0")" && pwd)
disk=$tap_dir/disk.qcow2
export TAP_REAL=$real

# boot COMMAND HOST_SCRIPT: results go to standard output
boot() {
	timeout -k 10 400 "$real/../vm-run" --cold --smp 1 --disk "$disk" --share "$VM_SHARE" --timeout 380 \
		--host "$2" -- "$1" 2>"$tap_dir/errors"
}

before() {
	# shellcheck source=guest.sh
	. "$TAP_REAL/guest.sh" >/dev/null
	policy < <(printf '%s\n' '[user alice]' 'profile = machine' '[user bob]' 'profile = sealed' 'home = overlay')
	hold alice
	on alice 'echo of-alice >kept; sudo -n sh -c "echo changed >/etc/by-root; rm /etc/motd"; echo $(id -un) writes'
	hold bob
	on bob 'echo of-bob >kept; setsid -f sleep 1000; readlink /proc/self/ns/pid'
	host 'ls /run/pam_ctr; find /var/lib/pam_ctr -maxdepth 2 | wc -l; find /sys/fs/cgroup/pam_ctr -type d | wc -l'
	# The disk as it is now, with everybody on it: nothing is shut down.
	host 'sync; echo u >/proc/sysrq-trigger; sleep 2'
	tap_done=yes
}
after() {
	# shellcheck source=guest.sh
	. "$TAP_REAL/guest.sh" >/dev/null
	echo "stale=$(host 'find /var/lib/pam_ctr -maxdepth 2 | wc -l; ls -A /run/pam_ctr 2>/dev/null' | xargs)"
	echo "alice=$(on alice 'cat kept; sudo -n cat /etc/by-root; ls /etc/motd 2>&1 | grep -c "No such"; grep ^processor /proc/cpuinfo | wc -l' | xargs)"
	echo "bob=$(on bob 'cat kept; pgrep -c sleep; readlink /proc/self/ns/pid' | xargs)"
	echo "host=$(host 'ls /etc/by-root /home/bob/kept 2>/dev/null; readlink /proc/self/ns/pid' | xargs)"
	echo "gc=$(host 'ctrctl gc; echo $?' 2>&1 | tail -n 1)"
	echo "log=$(host 'grep -c "pam_ctr.*\(refus\|cannot\)" /var/log/syslog' | tail -n 1)"
	end_all
	echo "left=$(host 'ls -A /run/pam_ctr; pgrep -x supervisor; find /sys/fs/cgroup/pam_ctr -mindepth 1 -type d')"
	tap_done=yes
}
export -f before after

out=$(boot '/share/tests/vm/prepare real' before)
like "before: alice is root of her own" "$out" '^alice writes$'
like "before: bob is in" "$out" '^pid:\['
like "before: both have containers" "$(tr '\n' ' ' <<<"$out")" '[0-9]+ [0-9]+ '
out=$(boot : after)
like "after: what is left of the last boot is there" "$out" '^stale=[3-9]'
like "after: alice's home, root's changes, and what root removed" "$out" '^alice=of-alice changed 1 1$'
like "after: bob's home, and none of his processes" "$out" '^bob=of-bob 0 pid:'
like "after: the host has nothing of it" "$out" '^host=pid:'
like "after: gc has nothing to mend" "$out" '^gc=0$'
like "after: nothing was refused" "$out" '^log=0$'
like "after: and nothing is left at the end" "$out" '^left=$'
[ "$tap_failed" = 0 ] || diag "$out" "$(tail -n 5 "$tap_dir/errors")"
done_testing
