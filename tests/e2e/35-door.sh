#!/bin/bash
# At the door: what a login is shown, who may come in, how many, how long, and whether the host
# has room.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

# begin NAME USER: an interactive login on a terminal of its own; what it shows goes to a file,
# what is typed comes from a fifo
declare -A typing client
begin() {
	mkfifo "$tap_dir/$1.in"
	script -qefc "${3:-ssh -tt $2@world}" /dev/null <"$tap_dir/$1.in" >"$tap_dir/$1.out" 2>&1 &
	client[$1]=$!
	local fd
	exec {fd}>"$tap_dir/$1.in"
	typing[$1]=$fd
}

# In a subshell: where nobody reads any more it is that which gets SIGPIPE.
typed() { # NAME TEXT
	(printf '%s\n' "$2" >&"${typing[$1]}") 2>/dev/null || :
}

shows() { # NAME REGEX
	tr -d '\r' <"$tap_dir/$1.out" | grep -Eq -- "$2"
}

# shown NAME OF REGEX [SECONDS]
shown() {
	if wait_for "${4:-15}" shows "$2" "$3"; then
		ok "$1"
	else
		fail "$1" "not shown: /$3/; shown was:" "$(cat -v "$tap_dir/$2.out")"
	fi
}

is_over() {
	! kill -0 "${client[$1]}" 2>/dev/null
}

finish() { # NAME: the shell ends
	typed "$1" exit
	wait_for 10 is_over "$1"
	local fd=${typing[$1]}
	exec {fd}>&-
	wait "${client[$1]}" 2>/dev/null
	rm -f "$tap_dir/$1.in" "$tap_dir/$1.out"
}

# stay USER: a session without a terminal, until leave; its process is ${stays[n]}
stays=()
mkfifo "$tap_dir/silence"
exec {silence}<>"$tap_dir/silence"
stay() {
	: >"$tap_dir/stay"
	ssh "$1@world" 'echo in; exec cat' >"$tap_dir/stay" 2>&1 <&"$silence" &
	stays+=($!)
	wait_for 15 grep -q '^in$' "$tap_dir/stay"
}

leave() {
	end_clients "${stays[@]}"
	stays=()
}

# --- the banner

POLICY_HOST='contact = the help desk, room 5' policy <<END
[default]
banner = yes
memory.max = 512M
pids.max = 100
max_sessions = 2
END
snapshot_take
begin one alice
# What is typed ahead would stand in the midst of it.
shown "an interactive login is shown its limits" one '^pam_ctr: memory .* of 512 MiB, .*tasks [0-9]+ of 100, sessions 1 of 2$'
typed one 'echo "shell"'
shown "and has its shell" one '^shell$'
is "the banner stands before what the shell says" \
	"$(tr -d '\r' <"$tap_dir/one.out" | grep -E '^(pam_ctr: memory|shell$)' | head -1 | cut -d: -f1)" pam_ctr
is "a command sees nothing of it" "$(on alice 'echo command' 2>&1)" command
is "nor on a terminal" "$(on_tty alice 'echo command')" command
finish one
echo text >"$tap_dir/file"
is "nor does scp" "$(scp -q "$tap_dir/file" alice@world:/tmp/file 2>&1)" ''
is "nor sftp" "$(echo ls | sftp -q -b - alice@world 2>&1 | grep -c pam_ctr)" 0
is "nor su with a command" "$(su - alice -c 'echo command' 2>&1)" command
touch /home/alice/.hushlogin
begin one alice
typed one 'echo "shell"'
shown "a hushed login has its shell" one '^shell$'
if shows one 'pam_ctr: memory'; then fail "and no banner"; else ok "and no banner"; fi
finish one
rm -f /home/alice/.hushlogin

# --- how many

stay alice
stay alice
log_mark
third=$(on alice 'echo in' 2>&1)
unlike "a third session is refused" "$third" '^in$'
like "with the reason, and whom to ask" "$third" \
	'pam_ctr: you have 2 sessions open, and may have no more than 2: end one first; ask the help desk, room 5'
logged "the log says it, too" 'login refused: user=alice uid=2001 service=sshd reason="you have 2 sessions open'
is "another user has sessions of his own" "$(on bob 'echo in')" in
succeeds "the administrator enters all the same" ctrctl enter alice -- true
kill "${stays[0]}"
wait "${stays[0]}" 2>/dev/null
stays=("${stays[1]}")

lets_in() { [ "$(on alice 'echo in' 2>/dev/null)" = in ]; }
if wait_for 10 lets_in; then ok "when one has ended, the next is let in"; else fail "when one has ended, the next is let in"; fi
stay alice
POLICY_HOST='' policy <<END
[default]
max_sessions = 2
[service su-l]
max_sessions = none
END
is "a service's own number counts" "$(su - alice -c 'echo in' 2>&1)" in
unlike "for that service alone" "$(on alice 'echo in' 2>&1)" '^in$'

# --- closed

policy <<END
[default]
nologin = maintenance until noon
[user bob]
nologin = none
END
log_mark
closed=$(on alice 'echo in' 2>&1)
like "a closed door says why" "$closed" "pam_ctr: you can't log in now: maintenance until noon\$"
unlike "and stays closed" "$closed" '^in$'
like "a terminal is told the same" "$(on_tty alice 'echo in' 2>&1)" "maintenance until noon"
like "and su" "$(su - alice -c 'echo in' 2>&1)" "maintenance until noon"
logged "the log says who was refused" 'login refused: user=alice .*maintenance until noon'
is "who is not meant comes in" "$(on bob 'echo in')" in
is "who is in stays" "$(kill -0 "${stays[0]}" && echo lives)" lives
leave
wait_for 10 no_containers
nothing_left "nothing is left"

# --- how long

policy <<END
[default]
session_time = 12s
grace = 1s
END
log_mark
begin one alice
typed one 'nohup setsid sleep 100 >/dev/null 2>&1 &'
typed one 'sleep 99 & echo "jobs started"'
shown "a session of bounded time begins" one '^jobs started'
shown "its terminal is told before it ends" one 'pam_ctr: this session ends in [0-9]+ s: it may last 12 s; save your work$' 20
shown "and when it ends" one 'pam_ctr: this session ends: it may last 12 s$' 20
if wait_for 15 is_over one; then ok "it ends"; else fail "it ends"; fi
logged "the log says why" 'session ending: user=alice uid=2001 session=s[0-9]+ limit=session_time seconds=12$'
logged "also where it closes" 'session closed: .* how="session_time"'
is "what has left the login lives on" "$(pgrep -u alice -x sleep | wc -l)" 1
finish one
log_mark
out=$(LIMIT=40 on alice 'trap "" HUP TERM; echo "$$"; while :; do sleep 1; done' 2>&1)
like "a command that ignores signals has begun" "$out" '^[0-9]+$'
logged "and is ended all the same" 'session closed: .* how="session_time"'
end_all

policy <<END
[default]
idle_timeout = 10s
grace = 1s
END
log_mark
stay alice
begin busy alice
begin idle alice
typed busy 'echo "busy"'
typed idle 'echo "idle"'
shown "a shell that will be busy" busy '^busy$'
shown "a shell that will be idle" idle '^idle$'
shown "the idle one is warned" idle 'pam_ctr: this session ends in [0-9]+ s, unless you type' 25
typed busy 'echo "still busy"'
if wait_for 30 is_over idle; then ok "and ends"; else fail "and ends"; fi
logged "the log says why" 'session ending: user=alice .* limit=idle_timeout seconds=10$'
typed busy 'echo "there"'
shown "the busy one goes on" busy '^there$'
is "a session without a terminal is not idle" "$(kill -0 "${stays[0]}" && echo lives)" lives
finish idle
finish busy
leave
begin su alice 'su - alice'
typed su 'echo "in by $0"'
shown "su on a terminal of the host's" su '^in by -bash$'
shown "is warned on it" su 'pam_ctr: this session ends in [0-9]+ s, unless' 30
if wait_for 30 is_over su; then ok "and ends"; else fail "and ends"; fi
finish su
end_all

policy <<END
[default]
session_time = 25s
grace = 0
END
log_mark
begin one alice
typed one 'echo "begun"'
shown "a session begins" one '^begun$'
kill -KILL "$(supervisors)"
is "its supervisor dies, a login adopts it" "$(on alice 'echo in')" in
logged "the log tells" 'container adopted: user=alice uid=2001 init=[0-9]+ sessions=1'
if wait_for 40 is_over one; then ok "its time counts on"; else fail "its time counts on"; fi
logged "and is what ended it" 'session closed: .* seconds=2[0-9] how="session_time"'
finish one
end_all

# The supervisor that comes after has the terminal to find, and its input to notice.
policy <<END
[default]
idle_timeout = 10s
grace = 0
END
log_mark
begin idle alice
begin busy alice
typed idle 'echo "idle"'
shown "a shell that will be idle under another supervisor" idle '^idle$'
typed busy 'echo "busy"'
shown "and one that will not" busy '^busy$'
kill -KILL "$(supervisors)"
is "that one is adopted" "$(on alice 'echo in')" in
for n in 1 2 3 4 5 6 7 8; do
	wait_for 2 is_over idle && break
	typed busy "echo \"round $n\""
	shown "the busy one goes on ($n)" busy "^round $n\$"
done
if wait_for 20 is_over idle; then ok "the idle one ends"; else fail "the idle one ends"; fi
logged "the log says why, once more" 'session ending: user=alice .* limit=idle_timeout seconds=10$'
fails "the busy one does not" is_over busy
finish busy
finish idle
end_all

# --- whether the host has room

POLICY_HOST=$'admission = refuse\nadmission.committed = 100%\ncontact = root@world' policy <<END
[default]
memory.max = 60%
END
log_mark
stay alice
is "the first container is promised its memory" "$(has_container alice && echo built)" built
bob=$(on bob 'echo in' 2>&1)
unlike "a second one would be a promise too many" "$bob" '^in$'
like "which the user reads" "$bob" "pam_ctr: the machine's memory is promised to others who are logged in: try again later; ask root@world"
logged "and the log has in numbers" 'admission refused: user=bob uid=2002 wanted=[0-9]+ committed=[0-9]+ available=[0-9]+'
is "who has a container is let in" "$(on alice 'echo in')" in
leave
wait_for 10 no_containers
is "when it is gone there is room" "$(on bob 'echo in')" in
wait_for 10 no_containers

for user in alice bob carol; do
	on "$user" 'echo in; sleep 3' >"$tap_dir/$user" 2>&1 &
done
wait
is "of three at once one is let in" "$(cat "$tap_dir"/{alice,bob,carol} | grep -c '^in$')" 1
wait_for 10 no_containers

POLICY_HOST=$'admission = queue\nadmission.committed = 100%\nadmission.wait = 15s' policy <<END
[default]
memory.max = 60%
END
stay alice
rm -f "$tap_dir/bob"
on bob 'echo in' >"$tap_dir/bob" 2>&1 &
waiting=$!
fails "queued, a login waits" wait_for 1 grep -q . "$tap_dir/bob"
leave
wait "$waiting"
is "until there is room" "$(cat "$tap_dir/bob")" in
wait_for 10 no_containers
POLICY_HOST=$'admission = queue\nadmission.committed = 100%\nadmission.wait = 2s' policy <<END
[default]
memory.max = 60%
END
stay alice
like "and no longer than it may" "$(on bob 'echo in' 2>&1)" "promised to others"
leave
wait_for 10 no_containers
POLICY_HOST=$'admission = refuse\nadmission.committed = none\nadmission.available = 100%' policy <<END
[default]
memory.max = 60%
END
like "where too little is left, nobody new is let in" "$(on alice 'echo in' 2>&1)" "memory is used up"
POLICY_HOST=$'admission = refuse\nadmission.committed = 50%\nadmission.available = none' policy <<END
[slice lab]
memory.max = 40%
[default]
memory.max = 30%
slice = lab
END
stay alice
is "who shares a slice shares its promise" "$(on bob 'echo in' 2>&1)" in
leave
wait_for 10 no_containers
nothing_left "nothing is left"
done_testing
