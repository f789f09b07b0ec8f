#!/bin/bash
# Applications that call the module in other ways than sshd does, and failures around it.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

calls() { # ARGUMENTS...: one line of what the calls said
	timeout 30 pam_caller "$@" </dev/null 2>&1 | grep -E '^(start|open|close|child-close|user-close|fork|user): ' | tr '\n' ' ' | sed 's/ $//'
}
# The same, but only what the open said: after a failed one libpam answers a close by itself.
opened() {
	calls "$@" | grep -o 'open: [A-Z_]*'
}
host=$(readlink /proc/self/ns/pid)
snapshot_take

is "open, close" "$(calls)" "open: PAM_SUCCESS close: PAM_SUCCESS"
is "a child is the container's" "$(calls --calls open,fork,close -- /bin/sh -c "test \$(readlink /proc/self/ns/pid) != '$host'; exit \$((\$? + 3))")" \
	"open: PAM_SUCCESS fork: 3 close: PAM_SUCCESS"
is "open twice, close twice" "$(calls --calls open,open,fork,close,close -- /bin/true | sed 's/PAM_SESSION_ERR/PAM_SUCCESS/')" \
	"open: PAM_SUCCESS open: PAM_SUCCESS fork: 0 close: PAM_SUCCESS close: PAM_SUCCESS"
like "close without open does no harm" "$(calls --calls close)" '^close: PAM_(SUCCESS|SESSION_ERR|IGNORE|PERM_DENIED)$'
is "never closed" "$(calls --calls open)" "open: PAM_SUCCESS"
is "closed by a child, and by one that has become the user: no harm" \
	"$(calls --calls open,child-close,user-close,fork,close -- /bin/sh -c "test \$(readlink /proc/self/ns/pid) != '$host'")" \
	"open: PAM_SUCCESS child-close: PAM_SUCCESS user-close: PAM_SUCCESS fork: 0 close: PAM_SUCCESS"
coproc CALLER { exec pam_caller --calls open,child-close,user-close,line,user=bob,close,line; }
caller=$CALLER_PID
said() { # COUNT: so many lines of the caller's, each of which says PAM_SUCCESS
	local line n
	for ((n = 0; n < $1; n++)); do
		read -r -t $((10 * patience)) -u "${CALLER[0]}" line && [[ $line == *": PAM_SUCCESS" ]] || return 1
	done
}
sessions() { ctrctl show "$1" --json | grep -c '"id": "s[0-9]'; }
succeeds "another one's close" said 3
is "ends no session but the own" "$(sessions alice)" 1
echo >&"${CALLER[1]}"
succeeds "PAM_USER changed to another before the close" said 2
is "makes nothing of that one's" "$(init_of bob; ls /run/pam_ctr)" 2001
echo >&"${CALLER[1]}"
wait "$caller"
succeeds "and the session ends with its caller" wait_for 5 no_containers
is "root" "$(calls --user root --calls open,fork,close -- /bin/sh -c "test \$(readlink /proc/self/ns/pid) = '$host'")" \
	"open: PAM_SUCCESS fork: 0 close: PAM_SUCCESS"
wait_for 10 no_containers
log_mark
is "a caller with threads is refused" "$(opened --threads 2)" "open: PAM_SESSION_ERR"
logged "and the log says why" 'thread'
is "root is not, with threads" "$(calls --user root --threads 2)" "open: PAM_SUCCESS close: PAM_SUCCESS"
log_mark
like "an unknown user is refused" "$(calls --user nobody-here)" '^open: PAM_(SESSION_ERR|USER_UNKNOWN)'
logged "and the log names it" 'nobody-here'
odd=$'odd\nname"\e[31m'
log_mark
like "a name with odd bytes is refused" "$(calls --user "$odd")" '^open: PAM_(SESSION_ERR|USER_UNKNOWN)'
unlike "and is no line of its own in the log" "$(log_since)" '^name'
like "a name that is too long is refused" "$(calls --user "$(printf 'x%.0s' $(seq 4000))")" '^(open|start): PAM_'
unlike "not let in" "$(calls --user "$(printf 'x%.0s' $(seq 4000))")" 'open: PAM_SUCCESS'
unlike "a name that is a path is not let in" "$(calls --user ../alice)" 'open: PAM_SUCCESS'
like "PAM_USER changed to another before the open counts" "$(calls --calls user=bob,open,fork,close -- /bin/sh -c 'test -d /run/user/2002')" 'fork: (0|126)'

# Arguments of the module.
argument() {
	printf '%s\n' 'auth required pam_permit.so' 'account required pam_permit.so' "session required pam_ctr.so $1" >/etc/pam.d/argued
	opened --service argued
}
log_mark
is "an unknown module argument is refused" "$(argument 'no_such=1 neither')" "open: PAM_SESSION_ERR"
logged "and named" 'no_such'
logged "all of them at once" 'neither'
cp /etc/pam_ctr.conf /etc/other.conf
cp -r /etc/pam_ctr.conf.d /etc/other.conf.d
printf '[default]\nhostname = other\n' >>/etc/other.conf
printf '%s\n' 'auth required pam_permit.so' 'account required pam_permit.so' "session required pam_ctr.so config=/etc/other.conf debug" >/etc/pam.d/argued
is "config= is the policy used" "$(calls --service argued --calls open,fork,close -- /bin/sh -c 'test $(hostname) = other')" \
	"open: PAM_SUCCESS fork: 0 close: PAM_SUCCESS"
wait_for 10 no_containers
log_mark
is "config= of a file that is not there is refused" "$(argument config=/etc/none.conf)" "open: PAM_SESSION_ERR"
logged "and named" '/etc/none\.conf'
is "config= with a relative path is refused" "$(argument config=etc/other.conf)" "open: PAM_SESSION_ERR"
rm -rf /etc/other.conf /etc/other.conf.d /etc/pam.d/argued

# A later module fails: sshd gives no shell, and never calls close_session.
cp /etc/pam.d/sshd "$tap_dir/sshd"
echo "session required pam_deny.so" >>/etc/pam.d/sshd
fails "a later module that fails ends the login" on alice true
cp "$tap_dir/sshd" /etc/pam.d/sshd
succeeds "its container does not stay" wait_for 10 no_containers
succeeds "the next login works" on alice true
wait_for 10 no_containers
nothing_left "nothing is left"

# What the caller brings along.
small() { # LIMITS COMMAND...
	local limits
	read -ra limits <<<"$1"
	shift
	(ulimit "${limits[@]}" && calls "$@")
}
for limits in "-n 24" "-n 16" "-f 0" "-u 1" "-v 200000" "-v 65536" "-t 5" "-t 1" "-c 0"; do
	like "a caller with ulimit $limits gets an answer" "$(small "$limits" --calls open,close)" '^open: PAM_(SUCCESS|SESSION_ERR) close: '
	wait_for 10 no_containers
done
small_sshd() { # LIMITS
	local limits
	read -ra limits <<<"$1"
	ulimit "${limits[@]}" && exec /usr/sbin/sshd -D -p 2223 -o PidFile=none
}
for limits in "-n 16" "-f 0" "-u 1" "-v 65536" "-t 1"; do
	(small_sshd "$limits") 2>/dev/null &
	small=$!
	wait_for 10 bash -c ': </dev/tcp/127.0.0.1/2223'
	out=$(timeout $((20 * patience)) ssh -p 2223 alice@world 'readlink /proc/self/ns/pid' 2>/dev/null)
	isnt "sshd with ulimit $limits does not hang" $? 124
	isnt "nor lets anybody past" "$out" "$host"
	succeeds "and lives" kill "$small"
	wait "$small" 2>/dev/null
	wait_for 10 no_containers
done
is "closed standard descriptors do no harm" "$(pam_caller --calls open,close <&- 2>&- | tr '\n' ' ')" "open: PAM_SUCCESS close: PAM_SUCCESS "
is "a hostile environment has no say" "$(LD_PRELOAD=/nonexistent.so PAM_CTR_SOCKET=/tmp/x GCONV_PATH=/tmp TMPDIR=/nowhere calls)" \
	"open: PAM_SUCCESS close: PAM_SUCCESS"
is "nor has a umask of 0" "$(umask 0; calls; umask 022)" "open: PAM_SUCCESS close: PAM_SUCCESS"
is "no file was made that others can write" "$(umask 0; coproc C { exec pam_caller --calls open,hold; }; read -r -u "${C[0]}" _; find /run/pam_ctr /var/lib/pam_ctr/2001 -maxdepth 1 -perm /022 ! -type l)" ""
# su and sudo themselves, called by somebody who may, from an environment that is all wrong.
sed -i '1i auth sufficient pam_permit.so' /etc/pam.d/su
mkdir -m 777 /srv/evil
echo broken >/srv/evil/libc.so.6
cat >"$tap_dir/hostile.pl" <<'END'
use POSIX;
sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGTERM, SIGUSR2, SIGCHLD));
%ENV = (LD_PRELOAD => "/srv/evil/libc.so.6", LD_LIBRARY_PATH => "/srv/evil", GCONV_PATH => "/srv/evil", LOCPATH => "/srv/evil",
	PAM_CTR_SOCKET => "/srv/evil/x", XDG_RUNTIME_DIR => "/run/user/2002", HOME => "/srv/evil", TMPDIR => "/srv/evil",
	MALLOC_TRACE => "/srv/evil/trace", PATH => "/srv/evil");
exec @ARGV;
END
chmod 755 "$tap_dir"
hostile() { # COMMAND...: by dora, who is exempt, with nothing as it should be
	(
		mkdir -m 777 /srv/evil/gone && cd /srv/evil/gone && rmdir /srv/evil/gone
		trap '' HUP INT TERM CHLD PIPE USR1
		umask 0
		ulimit -c unlimited -n 64 -s 512
		exec setpriv --reuid dora --regid dora --init-groups perl "$tap_dir/hostile.pl" "$@" <&- 2>&-
	)
}
seen='PATH=/usr/bin:/bin; readlink /proc/self/ns/{pid,mnt,ipc,uts,cgroup}; cut -d" " -f4- /proc/self/mountinfo; sed s,/s[0-9]*$,/sN, /proc/self/cgroup; grep -E "^(Cap|Secc|NoNew)" /proc/self/status'
hold alice
for by in su sudo; do
	case $by in
	su) as=(/bin/su - alice -c) ;;
	sudo) as=(/usr/bin/sudo -n -u alice /bin/bash -c) ;;
	esac
	"${as[@]}" "$seen" >"$tap_dir/usual"
	hostile "${as[@]}" "$seen" >"$tap_dir/hostile"
	is "$by from a hostile environment: the same container, the same rights" "$(diff "$tap_dir/usual" "$tap_dir/hostile")" ""
	number "$by: all of it" "$(wc -l <"$tap_dir/hostile")" -ge 30
done
release
rm -r /srv/evil
sed -i 1d /etc/pam.d/su
mkdir "$tap_dir/gone"
is "nor a deleted working directory" "$(cd "$tap_dir/gone" && rmdir "$tap_dir/gone" && calls)" "open: PAM_SUCCESS close: PAM_SUCCESS"
is "signals that are ignored do no harm" "$(trap '' CHLD PIPE TERM HUP INT; calls)" "open: PAM_SUCCESS close: PAM_SUCCESS"
wait_for 10 no_containers
nothing_left "nothing is left"

# The caller afterwards is what it was before, but for what is documented: where it is, and what it may do.
state_of() { # PID
	grep -E '^(Umask|Groups|Threads|Sig[BIC]|SigPnd|ShdPnd)' "/proc/$1/status"
	cat "/proc/$1"/{limits,comm,oom_score_adj,timerslack_ns,timers,loginuid,"task/$1/children"}
	cut -d' ' -f18,19,40,41 "/proc/$1/stat" # priority, nice, real-time priority, scheduler
	(cd "/proc/$1/fd" && for fd in *; do echo "$fd $(readlink "$fd") $(grep -v ^pos: "../fdinfo/$fd" | tr '\n' ' ')"; done)
	tr '\0' '\n' <"/proc/$1/environ"
	readlink "/proc/$1/cwd" "/proc/$1/exe"
}
rm /etc/pam_ctr.conf.d/00-profile.conf
cp /etc/pam_ctr.conf "$tap_dir/conf"
for profile in shared sealed machine; do
	policy <<<"[default]
profile = $profile"
	coproc CALLER {
		trap '' USR1
		umask 027
		cd /srv || exit
		exec env LC_ALL=C.UTF-8 ODD=1 nice -n 3 pam_caller --calls locale,line,open,locale,line
	}
	caller=$CALLER_PID
	read -r -t $((10 * patience)) -u "${CALLER[0]}" before
	state_of "$caller" >"$tap_dir/state"
	echo >&"${CALLER[1]}"
	read -r -t $((10 * patience)) -u "${CALLER[0]}" line
	is "$profile: a caller is let in" "$line" "open: PAM_SUCCESS"
	read -r -t $((10 * patience)) -u "${CALLER[0]}" after
	is "$profile: its locale is as it was" "$after" "$before"
	is "$profile: so are its signals, mask, limits, descriptors, environment, children, timers" \
		"$(diff "$tap_dir/state" <(state_of "$caller"))" ""
	number "$profile: and these are looked at" "$(wc -l <"$tap_dir/state")" -ge 40
	echo >&"${CALLER[1]}"
	wait "$caller"
	wait_for 10 no_containers
done
mv "$tap_dir/conf" /etc/pam_ctr.conf
printf '[group everybody]\nprofile = %s\n' "$WORLD_PROFILE" >/etc/pam_ctr.conf.d/00-profile.conf

# The machine is at its end: no inodes, then no bytes.
for full in nr_inodes=1,size=4k nr_inodes=100,size=4k; do
	mkdir -p /run/pam_ctr
	mount -t tmpfs -o "$full,mode=700" full /run/pam_ctr
	dd if=/dev/zero of=/run/pam_ctr/filler bs=4096 count=1 2>/dev/null
	log_mark
	is "a full /run ($full) refuses the login" "$(opened)" "open: PAM_SESSION_ERR"
	logged "and the log says so" 'pam_ctr.*([Nn]o space|/run/pam_ctr)'
	fails "through sshd, too" on alice true
	succeeds "root logs in" on root true
	is "nothing of it is left" "$(find /run/pam_ctr -mindepth 1 ! -name filler; supervisors)" ""
	wait_for 10 umount /run/pam_ctr
	succeeds "the next good login works" on alice true
	wait_for 10 no_containers
done
for knob in mnt pid uts ipc cgroup; do
	file=/proc/sys/user/max_${knob}_namespaces
	# Only a user namespace of its own may have its own bound: the machine's is not touched.
	[ -e "$file" ] || continue
	done_knobs="${done_knobs-}$knob "
done
skip "bounds on namespaces (${done_knobs% }) refuse clearly" "they are the machine's, not the world's: make test-vm"

log_mark
for ((i = 0; i < 40; i++)); do
	calls >/dev/null
done
wait_for 10 no_containers
is "sessions that end at once are opened and closed, and none failed" \
	"$(log_since | grep -o 'session [a-z]*: user' | sort | uniq -c | awk '{ print $1, $3 }' | tr '\n' ' ')" "40 closed: 40 opened: "

for program in supervisor init; do
	mv /usr/libexec/pam_ctr/$program /usr/libexec/pam_ctr/away
	log_mark
	is "no $program: refused" "$(opened)" "open: PAM_SESSION_ERR"
	logged "and the log names it" "$program"
	echo garbage >/usr/libexec/pam_ctr/$program
	chmod 755 /usr/libexec/pam_ctr/$program
	is "a broken $program: refused" "$(opened)" "open: PAM_SESSION_ERR"
	mv /usr/libexec/pam_ctr/away /usr/libexec/pam_ctr/$program
	is "the next good login works" "$(calls)" "open: PAM_SUCCESS close: PAM_SUCCESS"
	wait_for 10 no_containers
done
nothing_left "nothing is left"

# The module itself is not whole.  PAM refuses everybody then, root as well, who comes by what has no line of ours.
module=$(find /usr/lib -path '*/security/pam_ctr.so')
cp "$module" "$tap_dir/module"
spoil() { # HOW: never in place, where it is mapped
	cp "$tap_dir/module" "$module.new"
	case $1 in
	"cut short") truncate -s 20000 "$module.new" ;;
	"empty") : >"$module.new" ;;
	"another machine's") printf '\050\000' | dd of="$module.new" bs=1 seek=18 conv=notrunc 2>/dev/null ;;
	"no module") cp /bin/true "$module.new" ;;
	"missing") rm "$module.new" "$module" && return ;;
	esac
	mv "$module.new" "$module"
}
for how in "cut short" empty "another machine's" "no module" missing; do
	spoil "$how"
	fails "a module that is $how: nobody comes in by sshd" on alice true
	fails "nor by su" su alice -c true
	is "a service without the line takes whom it took" "$(plain root 'echo in')" in
done
cp "$tap_dir/module" "$module"
succeeds "sshd has lived through it: with the module back, all is well" on alice true
wait_for 10 no_containers
nothing_left "nothing is left"
done_testing
