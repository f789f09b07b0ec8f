#!/bin/bash
# who, w and last on the host show contained logins as what they are, however many containers
# call their first terminal pts/0, and no ghost, however a login ended.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

snapshot_take

# on_terminal NAME USER: a login on a terminal that stays until leave NAME; says who is in there
declare -A clients
on_terminal() {
	local name=$1 user=$2
	timeout -k 2 120 script -qec "ssh -tt $user@world 'tty; echo ready; exec sleep 100'" /dev/null \
		>"$tap_dir/$name" 2>&1 </dev/null &
	clients[$name]=$!
	wait_for 20 grep -q ready "$tap_dir/$name" || diag "no terminal for $name:" "$(cat "$tap_dir/$name")"
}

leave() {
	kill "${clients[$1]}" 2>/dev/null
	wait "${clients[$1]}" 2>/dev/null
}

terminal() {
	grep -ao '/dev/[a-z0-9/]*' "$tap_dir/$1" | head -1
}

# The lines, in order, on which who shows USER.
lines_of() {
	who | awk -v user="$1" '$1 == user { print $2 }' | sort | tr '\n' ' '
}

has_lines() { # USER LINES
	[ "$(lines_of "$1")" = "$2" ]
}

# shows NAME USER LINES: who does, at once or in a moment
shows() {
	wait_for 5 has_lines "$2" "$3"
	is "$1" "$(lines_of "$2")" "$3"
}

records() { # what utmp or wtmp holds, one line a record
	utmpdump "$1" 2>/dev/null
}

lasts() {
	last -w -f /var/log/wtmp "$@" | sed '/^$/d; /^wtmp begins/d'
}

# last calls an end in the very second in which it runs "still running".
knows_ends() {
	! lasts "$@" | grep -qE 'still|gone'
}

shown_by_last() { # USER LINE
	lasts "$1" | grep -q "^$1 *$2 .*still logged in"
}

told() { # COUNT FILE REGEX: so many records of a file match
	[ "$(count_of "$3" "$2")" = "$1" ]
}

count_of() { # REGEX FILE: records that match
	records "$2" | grep -cE -- "$1"
}

# --- two users on their containers' first terminals ----------------------------------------------

on_terminal alice alice
on_terminal bob bob
is "both are on pts/0, each on its own" "$(terminal alice) $(terminal bob)" "/dev/pts/0 /dev/pts/0"
shows "who shows alice" alice "u2001/0 "
shows "and bob, on another line" bob "u2002/0 "
like "who says from where" "$(who)" '^alice +u2001/0 .*\(127\.0\.0\.1\)$'
like "w shows alice" "$(w -h)" '^alice +u2001/0 +127\.0\.0\.1 '
like "w shows bob" "$(w -h)" '^bob +u2002/0 +127\.0\.0\.1 '
is "users" "$(users)" "alice bob"
wait_for 5 shown_by_last bob u2002/0
like "last shows alice" "$(lasts)" '^alice +u2001/0 +127\.0\.0\.1 .*still logged in$'
like "last shows bob" "$(lasts)" '^bob +u2002/0 +127\.0\.0\.1 .*still logged in$'
is "the ids differ" "$(records /run/utmp | awk -F'[][]' '$2 == 7 { print $6 }' | sort -u | wc -l)" 2
pid=$(records /run/utmp | awk -F'[][]' '/alice/ { print $4 + 0 }')
like "the process is the host's: alice's sshd" "$(tr '\0' ' ' <"/proc/$pid/cmdline")" '^sshd: alice'

on_terminal more alice
shows "alice's second terminal is a second line" alice "u2001/0 u2001/1 "
is "inside, who shows one's own logins" "$(on alice who | awk '{ print $1, $2 }' | sort | tr '\n' ' ')" \
	"alice pts/0 alice pts/1 "
like "inside, w does, too" "$(on alice w -h)" '^alice +pts/0 +127\.0\.0\.1 '
like "inside, last does, too" "$(on alice last)" '^alice +pts/1 +127\.0\.0\.1 .*still logged in'
is "its file is as the host's" "$(on alice 'stat -Lc "%U:%G %a" /var/run/utmp /var/log/wtmp' | tr '\n' ' ')" \
	"$(stat -Lc "%U:%G %a" /var/run/utmp /var/log/wtmp | tr '\n' ' ')"
on alice true
shows "a login without a terminal has no line" alice "u2001/0 u2001/1 "

leave bob
shows "bob leaves" bob ""
shows "and alice stays" alice "u2001/0 u2001/1 "
wait_for 5 knows_ends bob
like "last pairs bob's end with bob's login" "$(lasts bob)" '^bob +u2002/0 .* - [0-9:]+ +\([0-9:]+\)$'
unlike "and not with alice's" "$(lasts alice)" ' - '
on_terminal bob bob
shows "bob comes again" bob "u2002/0 "

# --- the end, however it comes ---------------------------------------------------------------------

monitor=$(records /run/utmp | awk -F'[][]' '$2 == 7 && /bob/ { print $4 + 0 }')
kill -KILL "$monitor"
shows "kill -9 of bob's sshd: no ghost" bob ""
is "nor in the file" "$(count_of '^\[7\].*u2002/' /run/utmp)" 0
succeeds "last knows the end" wait_for 5 knows_ends bob
leave bob

kill -KILL "$(init_of alice)"
shows "kill -9 of alice's init: no ghost" alice ""
wait_for 10 no_container alice
is "nor in the file, nor of bob" "$(count_of '^\[7\]' /run/utmp)" 0
succeeds "last knows these ends" wait_for 5 knows_ends
leave alice
leave more
is "the host's utmp does not grow" "$(records /run/utmp | wc -l)" 3
wait_for 10 no_containers

# --- login on the host's own terminal ---------------------------------------------------------------

cat >"$tap_dir/login.exp" <<'END'
set timeout 60
spawn -noecho login carol
set tty $spawn_out(slave,name)
expect "assword:" ; send "carol\r"
expect "\\$ " ; send "echo in=\$(id -un) shell=\$\$; who\r"
expect "in=carol"
expect "\\$ "
sleep 0.5
puts "\nTTY [string range $tty 5 end]"
puts "WHO [exec who]"
puts "PID [exec utmpdump /run/utmp 2>/dev/null | grep {^\[7\].*carol}]"
send "exit\r"
expect eof
wait
END
out=$(LIMIT=40 limited expect "$tap_dir/login.exp" 2>&1 | tr -d '\r')
tty=$(sed -n 's/^TTY //p' <<<"$out")
like "login: who shows the host's own terminal" "$out" "^WHO carol +$tty "
pid=$(sed -n 's/^PID \[7\] \[0*\([0-9]*\)\].*/\1/p' <<<"$out")
shell=$(sed -n 's/.*shell=\([0-9]*\)$/\1/p' <<<"$out" | tail -1)
number "login: the process is the host's, not the number inside" "$pid" -gt "${shell:-99999}"
wait_for 10 no_container carol
shows "login: nobody is left" carol ""
is "login: nor in the file" "$(count_of '^\[7\].*carol' /run/utmp)" 0
wait_for 5 knows_ends carol
like "login: last has its line and its end" "$(lasts carol)" "^carol +$tty .* - "

# --- a supervisor that was killed ----------------------------------------------------------------------

on_terminal alice alice
on_terminal more alice
shows "two logins" alice "u2001/0 u2001/1 "
wait_for 5 shown_by_last alice u2001/0
wait_for 5 shown_by_last alice u2001/1
before=$(count_of '^\[7\].*alice' /var/log/wtmp)
for pid in $(supervisors); do kill -KILL "$pid"; done
leave more
shows "who hides whose process is gone, while there is no supervisor" alice "u2001/0 "
is "which the file still has" "$(count_of '^\[7\].*u2001/' /run/utmp)" 2
on alice true # which starts a successor
succeeds "its successor ends what ended meanwhile" wait_for 5 told 1 /run/utmp '^\[7\].*u2001/'
shows "and goes on with the rest" alice "u2001/0 "
is "and tells no login twice" "$(count_of '^\[7\].*alice' /var/log/wtmp)" "$before"
ended_last() {
	lasts alice | grep 'u2001/1' | head -1 | grep -q ' - [0-9]'
}
succeeds "last has the end" wait_for 5 ended_last
on_terminal more alice
shows "new logins are shown" alice "u2001/0 u2001/1 "
leave alice
shows "and the adopted one's end is, too" alice "u2001/1 "
for pid in $(supervisors); do kill -KILL "$pid"; done
kill -KILL "$(init_of alice)"
leave more
wait_for 5 test -z "$(init_of alice)"
on alice true
wait_for 10 no_container alice
is "supervisor and container killed: no ghost after the next login" "$(count_of '^\[7\]' /run/utmp)" 0

# --- what programs inside may write ------------------------------------------------------------------------

# One that is set-group-id utmp and lets its user write what he likes.
install -g utmp -m 2755 /usr/bin/tee /usr/libexec/tee-utmp
record() { # TYPE PID LINE USER
	printf '[%s] [%05d] [xx/1] [%-8s] [%-12s] [%-20s] [127.0.0.1      ] [2026-01-01T00:00:00,000000+00:00]\n' \
		"$1" "$2" "$4" "$3" evil
}
write_inside() { # FILE, standard input: utmpdump's text
	# shellcheck disable=SC2029 # it is meant to
	utmpdump -r 2>/dev/null | ssh alice@world "/usr/libexec/tee-utmp -a $1 >/dev/null"
}
root=$(who | grep -c '^root')
on_terminal alice alice
shows "alice is in" alice "u2001/0 "
{
	record 7 2 pts/5 root
	record 7 2 pts/6 bob
	record 7 2 ../null alice
	record 7 99999 pts/7 alice
	record 7 1 pts/8 alice
	record 2 0 '~' reboot
	record 7 2 pts/9 alice
} | write_inside /run/utmp
shows "only a process and a terminal of one's own can be logged in" alice "u2001/0 u2001/9 "
is "nobody else is" "$(who | grep -vc '^alice')" "$root"
{
	record 7 2 pts/5 root
	record 7 2 pts/6 bob
	record 2 0 '~' reboot
	record 1 0 '~~' runlevel
	record 7 2 pts/5 alice
} | write_inside /var/log/wtmp
wait_for 5 told 1 /var/log/wtmp 'u2001/5'
like "a record of one's own is told" "$(lasts)" '^alice +u2001/5 '
unlike "others' logins, and reboots, are not" "$(records /var/log/wtmp)" 'root|u2001/6|pts/5|reboot|runlevel'
head -c 100000 /dev/urandom | ssh alice@world '/usr/libexec/tee-utmp -a /run/utmp >/dev/null'
head -c 100000 /dev/urandom | ssh alice@world '/usr/libexec/tee-utmp /var/log/wtmp >/dev/null'
on_terminal bob bob
shows "noise does no harm to others" bob "u2002/0 "
is "to the same container neither" "$(on alice echo fine)" fine
leave alice
shows "the end ends them all" alice ""
leave bob
wait_for 10 no_containers

# --- locks and missing files -----------------------------------------------------------------------------------

# Anybody may hold a read lock on a file that everybody can read.
# shellcheck disable=SC2016 # perl's variables
setpriv --reuid bob --regid bob --clear-groups perl -e '
	open($f, "<", "/run/utmp") or die; $l = pack("ssx4qqix4", 0, 0, 0, 0, 0); fcntl($f, 7, $l) or die;
	$| = 1; print "held\n"; sleep 100;' >"$tap_dir/lock" 2>&1 &
locker=$!
succeeds "another user holds a read lock on the host's utmp" wait_for 5 grep -q held "$tap_dir/lock"
on_terminal alice alice
succeeds "it delays no login" kill -0 "$locker"
is "which is not shown yet" "$(lines_of alice)" ""
kill "$locker"
wait "$locker"
shows "but is when the lock is gone" alice "u2001/0 "
leave alice
shows "and ends" alice ""
wait_for 10 no_containers

# inotify has 128 instances for all of root's processes: a supervisor that gets none looks by the clock.
strace -f -qq -o "$tap_dir/trace" -e trace=inotify_init1 -e inject=inotify_init1:error=EMFILE -p "$(cat /run/sshd.pid)" &
tracer=$!
wait_for 5 grep -q 'TracerPid:[[:space:]]*[1-9]' "/proc/$(cat /run/sshd.pid)/status"
on_terminal alice alice
shows "without inotify, who shows the login in a moment" alice "u2001/0 "
like "there was none" "$(cat "$tap_dir/trace")" 'EMFILE.*INJECTED'
leave alice
shows "and its end" alice ""
wait_for 10 no_containers
kill "$tracer"
wait "$tracer" 2>/dev/null

mv /run/utmp /run/utmp.away
mv /var/log/wtmp /var/log/wtmp.away
on_terminal alice alice
is "without utmp on the host, there is none inside" "$(on alice 'ls /run/utmp /var/log/wtmp 2>/dev/null')" ""
is "and the login is as it should" "$(terminal alice)" /dev/pts/0
leave alice
wait_for 10 no_containers
mv /run/utmp.away /run/utmp
mv /var/log/wtmp.away /var/log/wtmp

unlike "nothing is logged as an error" "$(grep pam_ctr "$WORLD_LOG")" '^[a-z0-9]+\.(err|crit|alert|emerg) '
nothing_left "nothing is left of these logins"
done_testing
