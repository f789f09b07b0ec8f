#!/bin/bash
# ctrctl on containers that live: run, the end of one session, freeze and thaw.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

session_of() { # USER SERVICE: the id of the newest session
	ctrctl show "$1" | sed -n "s/^  \(s[0-9]*\) *service=$2 .*/\1/p" | tail -1
}

sessions() {
	ctrctl show "$1" 2>/dev/null | grep -c '^  s[0-9]'
}

# has_sessions USER COUNT
has_sessions() {
	[ "$(sessions "$1")" = "$2" ]
}

# State letters of the processes of USER that have MARK in their arguments, on the host.
states() {
	ps -u "$1" -o stat=,args= | awk -v mark="$2" 'index($0, mark) && !/awk/ { print substr($1, 1, 1) }' | sort -u | tr -d '\n'
}

ticks() {
	stat -c %s "/home/$1/ticks" 2>/dev/null || echo 0
}

policy <<END
[default]
home = host
grace = 2
END
snapshot_take

# run
like "run: builds a container" "$(ctrctl run alice -- sh -c 'echo $$-$(id -un)')" '^[0-9]+-alice$'
succeeds "run: which ends with the command" wait_for 10 no_containers
is "run: its standard input" "$(printf 'a\nb\n' | ctrctl run alice -- tr ab xy)" $'x\ny'
ctrctl run alice -- sh -c 'exit 7'
is "run: its exit code" $? 7
ctrctl run alice -- sh -c 'kill -9 $$'
is "run: and signal" $? 137
ctrctl run alice -- /no/such/program 2>/dev/null
is "run: no such program" $? 127
ctrctl run alice 2>/dev/null
is "run: without a command" $? 2
ctrctl run dora -- true 2>/dev/null
is "run: who is exempt has no container" $? 1
ctrctl run nobody-here -- true 2>/dev/null
is "run: nor has nobody" $? 1
hold alice
is "run: joins one that is there" "$(ctrctl run alice -- readlink /proc/self/ns/pid)" "$(on alice 'readlink /proc/self/ns/pid')"
release
wait_for 10 no_containers
succeeds "run: ten at once, one container" bash -c 'for i in 1 2 3 4 5 6 7 8 9 10; do ctrctl run bob -- sleep 0.5 & done; wait' && wait_for 10 no_containers
is "run: of root's own, nothing" "$(ctrctl run root -- id 2>/dev/null)" ""

# kill --session: two logins, each with something that daemonized out of it
hold alice
first=$(session_of alice sshd)
first_in=$held_in first_out=$held_out first_held=$held
on alice 'setsid sleep 4001 >/dev/null 2>&1 </dev/null & (trap "" HUP TERM; exec sleep 4002) >/dev/null 2>&1 </dev/null &'
hold alice
second=$(session_of alice sshd)
isnt "two sessions" "$first" "$second"
ctrctl enter alice -- sh -c 'setsid sleep 4003 >/dev/null 2>&1 </dev/null & exec sleep 4004' >/dev/null &
entered=$!
wait_for 5 has_sessions alice 3
third=$(session_of alice ctrctl)
wait_for 5 pgrep -u alice -f 'sleep 4004'
log_mark
is "kill --session" "$(ctrctl kill alice --session "$third")" "alice: ended"
wait "$entered"
isnt "its caller ends" $? 0
is "what daemonized out of it, too" "$(pgrep -u alice -f 'sleep 400[34]')" ""
is "the others' processes do not" "$(pgrep -u alice -f 'sleep 400[12]' | wc -l)" 2
is "the others live" "$(sessions alice)" 2
logged "who did it" "session ended: user=alice uid=2001 session=$third by=administrator"
logged "its end" "session closed: user=alice uid=2001 session=$third .*how=\"killed by an administrator\""
is "kill --session: of sshd" "$(ctrctl kill alice --session "$second")" "alice: ended"
wait "$held" 2>/dev/null
isnt "the client is told" $? 0
is "the first session is the one that is left" "$(session_of alice sshd)" "$first"
ctrctl kill alice --session "$second" 2>/dev/null
is "kill --session: that one is gone" $? 1
like "which it says" "$(ctrctl kill alice --session "$second" 2>&1)" "has no session \"$second\""
for id in '' . .. ../2002 s1/.. 's 1' "$(printf 's1\nuid 0')" $'\e[2J'; do
	ctrctl kill alice --session "$id" >/tmp/out 2>&1
	status=$?
	is "kill --session: no session $(printf %q "$id")" $status 1
done
unlike "and its name does not speak to the terminal" "$(cat /tmp/out)" $'\e'
rm /tmp/out
succeeds "the first session is untouched" kill -0 "$first_held"
# The command that daemonized is over, but its session's leaf has who was left.
leaf=$(find /sys/fs/cgroup -path "*$WORLD_CGROUP*/2001/s*" \( -name tasks -o -name cgroup.threads \) \
	-exec grep -lx "$(pgrep -u alice -f '^sleep 4002')" {} + | head -1)
leaf=$(basename "$(dirname "$leaf")")
is "kill --session: of a session that is over" "$(ctrctl kill alice --session "$leaf")" "alice: ended"
is "even what ignores it" "$(pgrep -u alice -f 'sleep 400[12]')" ""
held_in=$first_in held_out=$first_out held=$first_held
release
wait_for 10 no_containers
nothing_left "nothing is left"

# two terminals: one ends, stops with the container, and goes on
shell() { tmux -L live send-keys -t "$1" "$2" Enter; }
shows() { tmux -L live capture-pane -p -t "$1" | grep -q "$2"; }
if command -v tmux >/dev/null; then
	tmux -L live -f /dev/null new-session -d -s one -x 80 -y 24 'ssh -tt alice@world'
	wait_for 20 has_sessions alice 1
	first=$(session_of alice sshd)
	tmux -L live new-session -d -s two -x 80 -y 24 'ssh -tt alice@world'
	wait_for 20 has_sessions alice 2
	shell two 'echo in-$((40 + 2))'
	succeeds "a terminal" wait_for 10 shows two in-42
	ctrctl freeze alice >/dev/null
	shell two 'echo in-$((50 + 2))'
	sleep 0.5
	fails "frozen: it does not answer" shows two in-52
	ctrctl thaw alice >/dev/null
	succeeds "thawed: it answers what was typed meanwhile" wait_for 10 shows two in-52
	shell two 'sleep 4005'
	wait_for 10 pgrep -u alice -f 'sleep 4005'
	is "the other's session ends" "$(ctrctl kill alice --session "$first")" "alice: ended"
	gone() { ! tmux -L live has-session -t one; }
	succeeds "and its terminal" wait_for 10 gone
	succeeds "this one's program does not" pgrep -u alice -f 'sleep 4005'
	tmux -L live send-keys -t two C-c
	shell two 'echo in-$((60 + 2))'
	succeeds "nor its shell" wait_for 10 shows two in-62
	tmux -L live kill-server
	rm -rf /tmp/tmux-*
	end_all
	nothing_left "nothing is left of the terminals"
else
	missing "two terminals" tmux
fi

# a fork bomb in a session, an innocent in another
policy <<END
[default]
home = host
grace = 0
pids.max = 300
END
hold alice
ctrctl enter alice -- sh -c 'perl -e "fork while 1" & exec sleep 3000' >/dev/null 2>&1 &
bomb=$!
wait_for 20 has_sessions alice 2
id=$(session_of alice ctrctl)
goes_off() { [ "$(pgrep -u alice -c perl)" -gt 100 ]; }
wait_for 20 goes_off
is "kill --session: a fork bomb" "$(LIMIT=60 limited ctrctl kill alice --session "$id")" "alice: ended"
wait "$bomb" 2>/dev/null
is "and nothing of it is left" "$(sessions alice)-$(pgrep -u alice -c perl)" "1-0"
release
end_all

# freeze and thaw
policy <<END
[default]
home = host
grace = 2
pids.max = 300
END
ctrctl freeze alice 2>/dev/null
is "freeze: no container" $? 1
ctrctl thaw alice 2>/dev/null
is "thaw: no container" $? 1
hold alice
ctrctl enter alice -- sh -c 'while :; do printf x >>/home/alice/ticks; sleep 0.02; done' >/dev/null &
ticker=$!
wait_for 5 test -s /home/alice/ticks
succeeds "freeze" ctrctl freeze alice
one=$(ticks alice)
like "list says so" "$(ctrctl list)" '^alice .* frozen '
like "and show" "$(ctrctl show alice)" '^state +alive, frozen'
like "and its JSON" "$(ctrctl show alice --json)" '"frozen": true'
on_terminal() { TERM=${2-xterm} script -qec "$1" /dev/null </dev/null; }
like "in colour on a terminal" "$(on_terminal 'ctrctl list')" $'^\e\\[33malice'
unlike "not elsewhere" "$(ctrctl list)" $'\e'
unlike "nor with NO_COLOR" "$(on_terminal 'NO_COLOR=1 ctrctl list')" $'\e'
unlike "nor on a dumb one" "$(on_terminal 'ctrctl list' dumb)" $'\e'
sleep 0.5
is "nothing runs" "$(ticks alice)" "$one"
fails "a login is refused" on alice true
logged "with the reason" "the container is frozen"
like "as root's enter is" "$(ctrctl enter alice -- true 2>&1)" 'container is frozen: ctrctl thaw alice'
succeeds "root's own login is untouched" on root true
succeeds "and another user's" on bob true
like "a session's end needs a thaw" "$(ctrctl kill alice --session "$(session_of alice sshd)" 2>&1)" 'thaw it first'
succeeds "freeze: twice is no fault" ctrctl freeze alice
kill -KILL "$(supervisors)"
wait_for 5 test -z "$(supervisors)"
succeeds "a new supervisor" ctrctl gc
like "finds it frozen" "$(ctrctl list)" '^alice .* frozen '
fails "and refuses logins" on alice true
succeeds "thaw" ctrctl thaw alice
more() { [ "$(ticks alice)" -gt "$one" ]; }
succeeds "all goes on" wait_for 5 more
unlike "list says so" "$(ctrctl list)" 'frozen'
succeeds "logins, too" on alice true
is "thaw: twice is no fault" "$(ctrctl thaw alice)" "alice: thawed"
like "as JSON" "$(ctrctl thaw alice --json | perl -MJSON::PP -e 'print decode_json(join "", <STDIN>)->{thawed}')" '^1$'

# logins, commands and a bomb while it is frozen and thawed, again and again
on alice 'bomb() { bomb | bomb & }; (while :; do bomb; sleep 0.2; done) >/dev/null 2>&1 </dev/null &' 2>/dev/null
for _ in 1 2 3 4 5; do
	for _ in 1 2 3; do ctrctl enter alice -- true >/dev/null 2>&1 & done
	ctrctl freeze alice >/dev/null || break
	one=$(ticks alice)
	sleep 0.2
	is "with logins under way and a fork bomb, frozen is frozen" "$(ticks alice)" "$one"
	ctrctl thaw alice >/dev/null
done
ctrctl freeze alice >/dev/null
log_mark
succeeds "kill: a frozen container" ctrctl kill alice
succeeds "it is gone" no_container alice
logged "by whom" 'container ended: user=alice .*reason="killed by an administrator"'
wait "$ticker" 2>/dev/null
one=$(ticks alice)
sleep 0.2
is "and nothing of it ran on" "$(ticks alice)" "$one"
release
for command in "freeze alice" "thaw alice" "kill alice --session s1" "run alice -- id"; do
	fails "$command, by a user" plain bob "/usr/sbin/ctrctl $command"
done
rm -f /home/alice/ticks
end_all
nothing_left "nothing is left"
done_testing
