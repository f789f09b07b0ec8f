#!/bin/bash
# ctrctl enter: what of root's must not come along, the terminal of its own, and who ends whom.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

# terminal COMMAND: on a pseudo terminal, as an admin's is; without the echo of script's end of
# input, which may come at any time
terminal() {
	timeout -k 2 20 script -qec "$1" /dev/null </dev/null | tr -d '\r\0' | sed 's/^^@//'
}

# Is there a process of alice's with this argument?
runs() {
	pgrep -u alice -f "$1" >/dev/null
}

runs_not() {
	! runs "$1"
}

entered() {
	ctrctl show alice | grep -q ': ctrctl \|service=ctrctl '
}

entered_not() {
	! entered
}

hold alice
snapshot_take

# --- nothing of root's
exec {secret}</etc/shadow 251</
is "no descriptor of root's comes along" \
	"$(ctrctl enter alice -- sh -c 'ls /proc/self/fd' | tr '\n' ' ')" "0 1 2 3 "
exec {secret}<&- 251<&-
ctrctl enter alice -- true </ 2>/dev/null
is "a directory as input is a way out, and refused" $? 4
is "what is closed is nothing, not the next that root opens" \
	"$(ctrctl enter alice -- readlink /proc/self/fd/0 <&-)" /dev/null
ctrctl enter alice -- sh -c 'exit 6' <&- >&- 2>&-
is "none of the three" $? 6
is "pipes pass through" "$(echo through | ctrctl enter alice -- sh -c 'cat; echo err >&2' 2>&1 | tr '\n' ' ')" "through err "
is "the mask for new files" "$(umask 077; ctrctl enter alice -- sh -c umask)" 0022
is "no variable of root's" "$(SECRET=x ctrctl enter alice -- sh -c 'echo "<$SECRET>"')" "<>"
is "nor its group" "$(ctrctl enter alice -- id -G)" "$(id -G alice)"
is "the ids, all of them" "$(ctrctl enter alice -- awk '/^[UG]id:/ { print $2, $3, $4, $5 }' /proc/self/status | sort -u)" \
	"2001 2001 2001 2001"
is "no capability" "$(ctrctl enter alice -- awk '/^Cap(Inh|Prm|Eff|Amb)/ { print $2 }' /proc/self/status | sort -u)" \
	0000000000000000
is "the home is where it starts" "$(ctrctl enter alice -- pwd)" /home/alice
like "XDG_RUNTIME_DIR, from the kit" "$(ctrctl enter alice -- env)" '^XDG_RUNTIME_DIR=/run/user/2001$'

# --- the terminal is the container's
like "a terminal of alice's" "$(terminal "ctrctl enter alice -- sh -c 'stat -c %U \$(tty)'")" '^alice$'
outer=$(terminal "sh -c 'stat -L -c %d/%i /dev/stdin; ctrctl enter alice -- stat -L -c %d/%i /dev/stdin'")
is "not root's" "$(sort -u <<<"$outer" | grep -c /)" 2
is "a session of its own" "$(terminal "ctrctl enter alice -- sh -c 'ps -o pid= -o sid= -o tpgid= \$\$'" | awk '{ print ($1 == $2 && $2 == $3) }')" 1
is "without one: no way to root's terminal" \
	"$(terminal "ctrctl enter alice -- sh -c ': </dev/tty' 2>&1 | grep -c 'No such device'")" 1
is "nor one of the three" "$(terminal "sh -c 'tty; ctrctl enter alice -- sh -c \"for n in 0 1 2; do stat -L -c %d/%i /proc/self/fd/\\\$n; done\"; stat -L -c %d/%i /dev/stdin'" | grep / | tail -n 4 | sort | uniq -c | awk '{ print $1 }' | sort | tr '\n' ' ')" "1 3 "
# Output or input elsewhere: the terminal that is left is a pipe or nothing inside.  What sh says
# of /dev/tty goes by the same way as what it prints: two would be mixed.
streams='readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 | sed "s/:.*//"; { : </dev/tty; } 2>&1'
is "output to a pipe: none goes inside" \
	"$(terminal "ctrctl enter alice -- sh -c '$streams' | cat" | sed 's/^sh:.*tty: //' | LC_ALL=C sort | tr '\n' ' ')" \
	"/dev/null No such device or address pipe pipe "
is "input from a file, too" "$(terminal "ctrctl enter alice -- sh -c '$streams' </dev/zero" | sed 's/^sh:.*tty: //' | LC_ALL=C sort | tr '\n' ' ')" \
	"/dev/zero No such device or address pipe pipe "
is "what comes by the pipe can be opened anew" "$(terminal "ctrctl enter alice -- sh -c 'echo again >/dev/stderr' </dev/null >/dev/null")" again
# shellcheck disable=SC2016 # perl's variables
typed='ioctl(STDIN, 0x5412, my $c = $_) or $failed = 1 for split //, "typed\n"; print $failed ? "refused\n" : "done\n"'
said=$(timeout -k 2 20 script -qec "sh -c 'ctrctl enter alice -- perl -e '\\''$typed'\\''; head -n 1'" /dev/null < <(wait_for 5 entered; wait_for 10 entered_not; echo admin) | tr -d '\r')
like "what is typed by TIOCSTI inside" "$said" '^(done|refused)$'
is "does not reach the admin's terminal" "$(tail -n 1 <<<"$said")" admin
is "its size" "$(terminal "sh -c 'stty rows 33 cols 77; ctrctl enter alice -- stty size'")" "33 77"
is "its exit code" "$(terminal 'ctrctl enter alice -- sh -c "exit 7"; echo $?')" 7
is "all of the output comes" "$(terminal "ctrctl enter alice -- seq 20000" | tail -n 1)" 20000
is "the terminal is set back" \
	"$(terminal "sh -c 'stty -g; ctrctl enter alice -- stty raw -echo; stty -g'" | sort -u | wc -l)" 1
if command -v expect >/dev/null; then
	cat >/tmp/enter.exp <<-'END'
		set timeout 45
		spawn ctrctl enter alice
		send "PS1='in> '; echo start-\$((40 + 2))\r"
		expect start-42 {} timeout { exit 2 }
		send "sleep 1000\r"
		after 500
		send "\003"
		expect "in> " {} timeout { exit 3 }
		send "sleep 1001\r"
		after 500
		send "\032"
		expect Stopped {} timeout { exit 4 }
		send "kill -9 %1; sleep 1; exit 5\r"
		expect eof {} timeout { exit 6 }
		lassign [wait] pid spawn os code
		exit [expr {$code == 5 ? 0 : 7}]
	END
	succeeds "a shell with job control: Ctrl-C, Ctrl-Z, exit" expect /tmp/enter.exp
	cat >/tmp/enter.exp <<-'END'
		set timeout 45
		spawn ctrctl enter alice -- bash -c "trap 'stty size; exit 8' WINCH; echo ready; while :; do read -t 1; done"
		expect ready {} timeout { exit 2 }
		stty rows 41 columns 101 < $spawn_out(slave,name)
		expect "41 101" {} timeout { exit 3 }
		expect eof {} timeout { exit 4 }
		lassign [wait] pid spawn os code
		exit [expr {$code == 8 ? 0 : 5}]
	END
	succeeds "another size is passed on" expect /tmp/enter.exp
	cat >/tmp/enter.exp <<-'END'
		set timeout 45
		spawn ctrctl enter alice -- sh -c "trap '' HUP INT QUIT TERM TSTP; stty raw -echo; echo ready; while :; do sleep 1114; done"
		expect ready {} timeout { exit 2 }
		send "\003\035\035x\035\035\035"
		expect "left" {} timeout { exit 3 }
		expect eof {} timeout { exit 4 }
		lassign [wait] pid spawn os code
		exit [expr {$code == 129 ? 0 : 5}]
	END
	succeeds "Ctrl-] three times leaves one that holds on" expect /tmp/enter.exp
	succeeds "whose session is over" wait_for 5 entered_not
	pkill -KILL -u alice -f 'sleep 1114'
	cat >/tmp/enter.exp <<-'END'
		set timeout 45
		spawn ctrctl enter alice -- sh -c "echo ready; exec sleep 1115"
		expect ready {} timeout { exit 2 }
		send "\003"
		expect eof {} timeout { exit 4 }
		lassign [wait] pid spawn os code
		exit [expr {$code == 130 ? 0 : 5}]
	END
	succeeds "Ctrl-C: 128 and the signal" expect /tmp/enter.exp
	rm -f /tmp/enter.exp
else
	missing "with keys and sizes" expect
fi

# --- who ends whom
ctrctl enter alice -- sh -c 'kill -KILL $$'
is "a signal's exit code" $? 137
is "on a terminal, too" "$(terminal "sh -c 'ctrctl enter alice -- sh -c \"kill -TERM \\\$\\\$\"; echo \$?'")" 143
ctrctl enter alice -- sh -c 'exec sleep 1111' &
entering=$!
succeeds "it runs" wait_for 5 runs 'sleep 1111'
succeeds "and counts as a session" wait_for 5 entered
kill -TSTP $entering
succeeds "stopped: the command, too" wait_for 5 sh -c 'ps -o stat= -p "$(pgrep -u alice -f "sleep 1111")" | grep -q T'
kill -CONT $entering
succeeds "and goes on with it" wait_for 5 sh -c 'ps -o stat= -p "$(pgrep -u alice -f "sleep 1111")" | grep -q S'
kill -TERM $entering
wait $entering
is "SIGTERM is passed on: 128 and the signal" $? 143
succeeds "the command is gone" wait_for 5 runs_not 'sleep 1111'
succeeds "the session is over" wait_for 5 entered_not

script -qec "ctrctl enter alice -- sleep 1112" /dev/null </dev/zero >/dev/null 2>&1 &
scripting=$!
succeeds "on a terminal" wait_for 5 runs 'sleep 1112'
kill -KILL $scripting
wait $scripting 2>/dev/null
succeeds "that hangs up: the command ends" wait_for 5 runs_not 'sleep 1112'
succeeds "and the session" wait_for 5 entered_not

script -qec "ctrctl enter alice -- sh -c 'trap \"\" HUP; sleep 1116'" /dev/null </dev/zero >/dev/null 2>&1 &
scripting=$!
succeeds "one that does not hear" wait_for 5 runs 'sleep 1116'
kill -KILL $scripting
wait $scripting 2>/dev/null
succeeds "that its admin has gone: the session is over" wait_for 5 entered_not
pkill -KILL -u alice -f 'sleep 1116'

supervisor=$(supervisors)
before=$EPOCHSECONDS
ctrctl list >/dev/null && ctrctl show alice >/dev/null
alone=$((EPOCHSECONDS - before))
kill -STOP "$supervisor"
before=$EPOCHSECONDS
ctrctl list >/dev/null && ctrctl show alice >/dev/null
is "supervisor stopped: list and show answer" $? 0
number "at once" $((EPOCHSECONDS - before)) -le $((2 + 3 * alone))
like "enter says so" "$(ctrctl enter alice -- true 2>&1)" 'is it stopped'
number "in time" $((EPOCHSECONDS - before)) -le 10
kill -CONT "$supervisor"

ctrctl enter alice -- sh -c 'trap "" HUP TERM INT; sleep 1113; sleep 1113' &
entering=$!
wait_for 5 runs 'sleep 1113'
ctrctl kill alice >/dev/null
wait $entering
is "the container ended meanwhile" $? 137
release

# --- no
ctrctl enter alice -- true 2>/dev/null
is "no container: exit code" $? 1
ctrctl enter root 2>/dev/null
is "root: exit code" $? 1
ctrctl enter alice true 2>/dev/null
is "a command without --: exit code" $? 2
hold alice
ctrctl enter alice -- /nowhere/at/all 2>/dev/null
is "no such command: exit code" $? 127
ctrctl enter alice -- /etc/passwd 2>/dev/null
is "no command: exit code" $? 126
release
wait_for 10 no_containers
done_testing
