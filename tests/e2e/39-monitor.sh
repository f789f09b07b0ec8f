#!/bin/bash
# THREATS H49, H50: sshd's monitor has joined, is root or the container's root, has the host's keys in memory, and sees no /proc
# of its own.  All that it opens until its end is looked at, with traps in all places that the user can
# write to; and its own log says that terminals, records and the close work.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

if ! command -v strace >/dev/null; then
	missing "sshd's monitor after the join" strace
	done_testing
fi
rm /etc/pam_ctr.conf.d/00-profile.conf
snapshot_take

# What programs look for beside themselves, in the places of TERM, LOCPATH, GCONV_PATH and the like, and where libraries are.
plant_text='
for top in "$@"; do
	mkdir -p "$top"/{.terminfo/d,terminfo/d,locale/C.UTF-8,.config,.locale,gconv,lib,.ssh} 2>/dev/null
	for name in .terminfo/d/dumb terminfo/d/dumb locale/locale-archive locale/C.UTF-8/LC_CTYPE gconv/gconv-modules gconv/UTF-7.so \
		lib/libnss_files.so.2 lib/libnss_compat.so.2 libnss_files.so.2 ld.so.preload ld.so.cache nsswitch.conf passwd \
		login.defs .pam_environment .hushlogin .ssh/rc .ssh/environment .rhosts .shosts .k5login; do
		[ -e "$top/$name" ] || echo trap >"$top/$name"
	done
done 2>/dev/null; true'
places=(/home/alice /tmp /var/tmp /dev/shm /run/user/2001)

# What of a text a monitor may still read in there, or write; nothing of it is run or loaded.
known='/dev/(null|tty|ptmx|pts/[0-9]*|log)|/etc/(passwd|group|login\.defs|localtime|nologin)|/run/pam_ctr/inside|/run/utmp|/var/run/utmp|/var/log/(wtmp|lastlog|btmp)'

for profile in shared sealed machine; do
	policy <<-END
		[default]
		profile = $profile
	END
	/usr/sbin/sshd -D -p 2224 -o PidFile=none -o LogLevel=DEBUG3 -E "$tap_dir/log" &
	daemon=$!
	wait_for 10 bash -c ': </dev/tcp/127.0.0.1/2224'
	hold alice
	on alice "bash -c $(printf %q "$plant_text") plant ${places[*]}"
	[ $profile != machine ] ||
		on alice "sudo -n bash -c $(printf %q "$plant_text") plant /etc /usr /usr/lib /usr/lib/x86_64-linux-gnu /usr/share /opt" 2>/dev/null
	is "$profile: traps are set" "$(on alice 'cat /tmp/ld.so.preload /home/alice/.terminfo/d/dumb')" "trap
trap"
	: >"$tap_dir/log"
	strace -qq -ff -o "$tap_dir/trace" -e trace=open,openat,openat2,execve,execveat,connect,setns -p "$daemon" 2>/dev/null &
	tracer=$!
	wait_for 10 grep -q '^TracerPid:.[1-9]' "/proc/$daemon/status"
	log_mark
	out=$(timeout $((30 * patience)) script -qec "ssh -tt -p 2224 alice@world 'tty; exit 3'" /dev/null </dev/null; echo "status $?")
	like "$profile: a login on a terminal" "$out" '^.*/dev/pts/[0-9]'
	like "$profile: with its exit code" "$out" '^status 3'
	wait_for 10 log_since_has 'session closed: user=alice'
	kill "$daemon"
	wait "$daemon" "$tracer" 2>/dev/null
	release
	end_all
	# The monitor is who called setns(2) and made the terminal.
	monitor=$(grep -l '^setns(' "$tap_dir"/trace.* | xargs grep -l '/dev/ptmx')
	sed -n '/^setns(/,$p' "$monitor" >"$tap_dir/after"
	# By its time: a login without a terminal's is not one, and each profile's is later than the last one's.
	like "$profile: lastlog has this login" "$(lastlog -u alice | tail -1)" '^alice +(pts/0|u2001/0) +127\.0\.0\.1 '
	number "$profile: of just now" "$(perl -e 'open F, "/var/log/lastlog"; seek F, 2001 * 292, 0; read F, $b, 4; print time - unpack "l", $b')" -le 300
	printf '\0\0\0\0' | dd of=/var/log/lastlog bs=1 seek=$((2001 * 292)) conv=notrunc 2>/dev/null
	number "$profile: the monitor is watched after its join" "$(grep -c '"' "$tap_dir/after")" -ge 10
	is "$profile: it runs and loads nothing" "$(grep -E '^exec|\.so|gconv|locale|terminfo' "$tap_dir/after")" ""
	is "$profile: it opens nothing that the user could have put there" \
		"$(grep -oE '"[^"]*"' "$tap_dir/after" | tr -d '"' | grep -vxE "$known|/dev/pts/" | sort -u)" ""
	like "$profile: its log tells of the terminal" "$(cat "$tap_dir/log")" 'session_pty_req: session 0 alloc /dev/pts/[0-9]'
	like "$profile: and of the close" "$(cat "$tap_dir/log")" 'PAM: closing session'
	is "$profile: and of no error" "$(grep -E '^(error|fatal)[ :]|[Nn]o such file|[Pp]ermission denied|not permitted' "$tap_dir/log")" ""
	rm -f "$tap_dir"/trace.*
	rm -rf /home/alice/{.terminfo,terminfo,locale,.config,.locale,gconv,lib}
	ctrctl root reset alice >/dev/null 2>&1
	ctrctl home reset alice >/dev/null 2>&1
done
done_testing
