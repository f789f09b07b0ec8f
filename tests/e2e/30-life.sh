#!/bin/bash
# A container's life: one for all of a user's sessions, kept or killed at logout, outlived by
# no part of it, whoever dies first.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

snapshot_take
now() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

before=$(now)
on bob true
alone=$(($(now) - before)) # what a login takes here, where nothing is wrong
wait_for 10 no_containers

# one container a user
hold alice
first=$(container_of alice)
is "a second login joins the first one's container" "$(container_of alice)" "$first"
environment_of_first() { tr '\0' '\n' <"/proc/$(pgrep -u alice -x cat)/environ" | grep '^SSH_CONNECTION'; }
isnt "with an environment of its own" "$(on alice 'env | grep ^SSH_CONNECTION')" "$(environment_of_first)"
like "which the first one has, too" "$(environment_of_first)" '^SSH_CONNECTION=127'
is "one supervisor serves both" "$(supervisors | wc -l)" 1
is "a command outside a login's reach joins it, too" "$(su alice -c 'readlink /proc/self/ns/pid')" "${first% *}"
on alice 'touch /tmp/of-the-first'
release
wait_for 10 no_containers
fails "after the last logout, a new container" on alice 'test -e /tmp/of-the-first'
wait_for 10 no_containers
nothing_left "nothing is left"

# logout = keep
policy <<END
[default]
logout = keep
grace = 2
END
on alice 'nohup sleep 600 >/dev/null 2>&1 &'
succeeds "keep: nohup keeps the container" has_container alice
like "keep: the next login finds the process" "$(on alice 'ps -eo args')" '^sleep 600'
on alice 'pkill sleep'
succeeds "keep: it ends when the process does" wait_for 10 no_containers
nothing_left "keep: nothing is left"
if command -v tmux >/dev/null; then
	on_tty alice 'tmux new-session -d "echo kept >/tmp/of-tmux; exec sleep 600"' >/dev/null
	succeeds "keep: tmux lives on" has_container alice
	is "keep: in the same /tmp" "$(wait_for 5 on alice 'test -s /tmp/of-tmux'; on alice 'cat /tmp/of-tmux')" kept
	like "keep: tmux is reached again" "$(on alice 'tmux list-sessions')" '^0: 1 windows'
	on alice 'tmux kill-server'
	succeeds "keep: and ends" wait_for 10 no_containers
else
	missing "tmux lives on" tmux
fi
on alice '(trap "" HUP TERM; exec sleep 600) >/dev/null 2>&1 &'
succeeds "ctrctl kill ends it, whatever it ignores" ctrctl kill alice
succeeds "at once" no_container alice
end_all
nothing_left "ctrctl kill leaves nothing"

# logout = kill
policy <<END
[default]
logout = kill
grace = 1
END
on alice '(trap "echo term >/home/alice/got-term; exit" TERM; touch /tmp/armed; while :; do sleep 0.1; done) >/dev/null 2>&1 &
	until [ -e /tmp/armed ]; do sleep 0.05; done'
succeeds "kill: the last logout ends what is left" wait_for 10 no_containers
is "kill: which is told first" "$(on alice 'cat got-term')" term
on alice '(trap "" HUP TERM; touch /tmp/armed; while :; do sleep 1; done) >/dev/null 2>&1 &
	until [ -e /tmp/armed ]; do sleep 0.05; done'
succeeds "kill: whatever it ignores" wait_for 10 no_containers
on alice 'setsid sleep 600 >/dev/null 2>&1 </dev/null & echo'
succeeds "kill: what has a session of its own" wait_for 10 no_containers
is "all of it" "$(pgrep -u alice -x sleep)" ""
hold alice
on alice 'nohup sleep 600 >/dev/null 2>&1 & echo'
succeeds "kill: another session keeps it" has_container alice
release
succeeds "kill: until that ends" wait_for 10 no_containers
nothing_left "kill: nothing is left"
policy </dev/null

# the supervisor dies
hold alice
first=$(container_of alice)
kill -KILL "$(supervisors)"
wait_for 5 test -z "$(supervisors)"
echo still >&"$held_in"
read -r -t $((5 * patience)) -u "$held_out" answer
is "supervisor killed: the session goes on" "$answer" still
log_mark
is "the next login finds the same container" "$(container_of alice)" "$first"
is "under one new supervisor" "$(supervisors | wc -l)" 1
logged "which says that it adopted it" 'adopt'
release
succeeds "and ends it with its last session" wait_for 10 no_containers
nothing_left "nothing is left"
hold alice
kill -KILL "$(supervisors)"
release
succeeds "supervisor killed, session gone: ctrctl gc" ctrctl gc
succeeds "cleans up" wait_for 10 no_containers
on alice true
end_all
nothing_left "nothing is left"
on alice 'nohup sleep 600 >/dev/null 2>&1 & echo'
kill -KILL "$(supervisors)"
succeeds "supervisor killed, only nohup left: ctrctl kill ends it" ctrctl kill alice
succeeds "for good" no_container alice
on alice true
end_all
nothing_left "nothing is left"

# init dies
hold alice
first=$(container_of alice)
before=$(now)
kill -KILL "$(init_of alice)"
succeeds "init killed: the session is over" wait_for 10 bash -c "! kill -0 $held 2>/dev/null"
release
succeeds "and cleaned up" wait_for 10 no_containers
number "both within two seconds, and what a login takes (ms)" $(($(now) - before)) -le $((2000 + alone))
isnt "the next login has a fresh container" "$(container_of alice)" "$first"
wait_for 10 no_containers
nothing_left "nothing is left"

# everything dies at once
hold alice
kill -KILL "$(init_of alice)" "$(supervisors)"
release
succeeds "init and supervisor killed: the next login works" on alice true
wait_for 10 no_containers
nothing_left "nothing is left"

# its record is lost, and it lives
hold alice
first=$(container_of alice)
log_mark
rm -r /run/pam_ctr/2001
isnt "record lost: the next login has a container of its own" "$(container_of alice)" "$first"
logged "which says what was in the way" 'container unknown: uid=2001 .*no record: ending them'
succeeds "and that is ended" wait_for 5 bash -c "! kill -0 $held 2>/dev/null"
release
wait_for 10 no_containers
nothing_left "nothing is left"
hold alice
rm -r /run/pam_ctr
like "the directory of all lost: the next login is in" "$(container_of alice)" '^pid:'
succeeds "another user, too" on bob true
release
wait_for 10 no_containers
nothing_left "nothing is left"

# the PAM caller dies: no close_session is ever called
hold alice
log_mark
kill -KILL "$(pgrep -f '^sshd: alice \[priv\]')"
logged "sshd's monitor killed: its session is over" 'session closed: user=alice '
release
succeeds "with the user's last process the container is" wait_for 15 no_containers
nothing_left "nothing is left"
policy <<END
[default]
logout = kill
grace = 1
END
hold alice
kill -KILL "$(pgrep -f '^sshd: alice \[priv\]')"
succeeds "logout = kill, sshd's monitor killed: all of it ends" wait_for 15 no_containers
release
nothing_left "nothing is left"
hold alice
kill -KILL "$(pgrep -u alice -f '^sshd: alice@')"
succeeds "sshd's child killed: all of it ends" wait_for 15 no_containers
release
nothing_left "nothing is left"
policy </dev/null
coproc CALLER { exec pam_caller --user alice --calls open,hold; }
caller=$CALLER_PID
read -r -t $((10 * patience)) -u "${CALLER[0]}" line
is "a caller opened a session" "$line" "open: PAM_SUCCESS"
kill -KILL "$caller"
wait "$caller" 2>/dev/null
succeeds "killed, its container ends" wait_for 10 no_containers
nothing_left "nothing is left"

# stopped, not killed
hold alice
stopped=$(supervisors)
kill -STOP "$stopped"
before=$(now)
log_mark
is "supervisor stopped: a login is refused" "$(limited pam_caller --calls open)" "message: pam_ctr: your container could not be opened; the administrator finds the reason in the log
open: PAM_SESSION_ERR"
number "within five seconds, and what a login takes (ms)" $(($(now) - before)) -le $((5000 + alone))
logged "and the log says why" 'login refused: user=alice .*is it stopped'
before=$(now)
succeeds "others are not affected" on bob true
number "nor do they wait (ms)" $(($(now) - before)) -le $((1000 + 2 * alone))
kill -CONT "$stopped"
succeeds "continued, it serves again" on alice true
release
wait_for 10 no_containers
nothing_left "nothing is left"

# the lock is held by a process that is stopped, and taken away from under it
mkdir /run/pam_ctr/2001
chmod 700 /run/pam_ctr/2001
flock -F /run/pam_ctr/2001 sleep 300 &
holder=$!
wait_for 5 bash -c '! flock -n /run/pam_ctr/2001 true'
kill -STOP "$holder"
before=$(now)
log_mark
on alice true 2>/dev/null &
waits=$!
succeeds "lock held by a stopped process: another user is in" on bob true
number "and has not waited (ms)" $(($(now) - before)) -le $((1000 + 3 * alone))
wait "$waits"
number "whose lock it is is refused in bounded time (ms)" $(($(now) - before)) -le $((5000 + 3 * alone))
logged "and the log says why" 'login refused: user=alice .*another login of this user.s holds it'
rmdir /run/pam_ctr/2001
succeeds "lock deleted under its holder: the next login is in" on alice true
kill -KILL "$holder"
wait "$holder" 2>/dev/null
wait_for 10 no_containers
nothing_left "nothing is left"
done_testing
