#!/bin/bash
# ctrctl top: in a real terminal (tmux), as lines, over a slow line, and with names that speak.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

policy <<END
[default]
memory.max = 512M
pids.max = 100
cpu.max = 50%
home = host
END
export TMUX_TMPDIR=$tap_dir TERM=screen-256color
snapshot_take

tm() {
	tmux -f /dev/null -L top "$@"
}

screen_has() { # REGEX
	tm capture-pane -p | grep -Eq -- "$1"
}

# shown NAME REGEX: the screen comes to have a line like that
shown() {
	if wait_for 15 screen_has "$2"; then ok "$1"; else fail "$1" "no line like /$2/:" "$(tm capture-pane -p)"; fi
}

press() {
	tm send-keys "$@"
}

# The users of the screen's rows, from the top, on one line.
order() {
	tm capture-pane -p | grep -oE '^(alice|bob|carol) ' | tr -d '\n'
}
ordered() { # WANTED
	[ "$(order)" = "$1" ]
}
in_order() { # NAME WANTED
	if wait_for 15 ordered "$2"; then ok "$1"; else fail "$1" "got: $(order)" "wanted: $2"; fi
}

# --- as lines -------------------------------------------------------------------------------------

is "lines: titles alone where there is nobody" "$(ctrctl top -b -n 1 -d 0.1 | wc -l)" 1
# Half a CPU for alice, a fifth of a gigabyte for bob, tasks for carol.
hold alice
alice_held=$held alice_in=$held_in alice_out=$held_out
on alice 'setsid sh -c "while :; do :; done" >/dev/null 2>&1 & echo $!' >/dev/null
hold bob
bob_held=$held bob_in=$held_in bob_out=$held_out
on bob 'setsid perl -e '\''vec(my $x, 200_000_000, 8) = 1; sleep 600'\'' >/dev/null 2>&1 &'
hold carol
on carol 'for i in $(seq 40); do setsid sleep 600 >/dev/null 2>&1 & done'
big() { [ "$(ctrctl show bob --json | perl -MJSON::PP -0777 -ne 'print decode_json($_)->{usage}{memory} > 190_000_000 ? 1 : 0')" = 1 ]; }
wait_for 20 big
lines=$(ctrctl top -b -n 1 -d 2)
like "lines: memory against its limit" "$lines" '^bob .*\[\|+ *(19|20)[0-9]M/512M\]'
like "lines: CPU against its limit" "$lines" '^alice .*\[\|+ *[1-5][0-9]%/50%\]'
like "lines: tasks against theirs" "$lines" '^carol .*\[\|+ +4.*/132\]'
is "lines: most CPU first" "$(sed -n 2p <<<"$lines" | cut -d' ' -f1)" alice
is "lines: by memory" "$(ctrctl top -b -n 1 -d 0.1 -s memory | sed -n 2p | cut -d' ' -f1)" bob
is "lines: of one user" "$(ctrctl top bo -b -n 1 -d 0.1 | sed 1d | cut -d' ' -f1)" bob
is "lines: twice" "$(ctrctl top -b -n 2 -d 0.1 | grep -c ^USER)" 2
is "no terminal is as --batch" "$(TERM=dumb ctrctl top -n 1 -d 0.1 </dev/null | grep -c ^USER)" 1
for wrong in "-d 0" "-d x" "-n 0" "-n -1" "-s size"; do
	# shellcheck disable=SC2086
	fails "refused: $wrong" ctrctl top -b $wrong
done
fails "by a user" plain carol '/usr/sbin/ctrctl top -b -n 1'

# --- a screen -------------------------------------------------------------------------------------

tm new-session -d -x 80 -y 24 "ctrctl top -d 0.5"
shown "80 columns: the head" '^pam_ctr ..:..:..  3 containers, [0-9]+ sessions  by cpu'
shown "a bar of memory" '^bob .*\[\|+ *(19|20)[0-9]M/512M\]'
shown "a bar of CPU" '^alice .*\[\|+ *[1-5][0-9]%/50%\]'
is "no line is longer" "$(tm capture-pane -p | awk 'length > 80' | wc -l)" 0
in_order "by CPU" "alice bob carol "
press M
shown "M: by memory" 'by memory'
wait_for 5 ordered "bob alice carol " || wait_for 5 ordered "bob carol alice "
is "the greatest first" "$(order | cut -d' ' -f1)" bob
press R
shown "R: reversed" 'by memory, reversed'
press N
shown "N: by tasks" 'by tasks'
is "carol has most" "$(wait_for 5 ordered "carol alice bob "; order | cut -d' ' -f1)" carol
press U
in_order "U: by name" "alice bob carol "
press '>'
shown ">: by the next" 'by cpu'
press '<'
shown "<: by the one before" 'by user'
press / && press bo Enter
in_order "/: those alone" "bob "
press / && press Enter
in_order "and all again" "alice bob carol "
press i
shown "i: idle ones hidden" 'idle hidden'
press i
in_order "and back" "alice bob carol "
press d && press x Enter
shown "d: what is no time is told" 'not a number of seconds'
press h
shown "h: the keys" 'sort by memory'
press q
shown "any key: back" '^alice '
tm resize-window -x 132 -y 30
shown "132 columns: more of them" 'WRITE/s'
tm resize-window -x 40 -y 10
shown "40 columns: what counts" '^alice .*\[.*%/50%\]'
is "no line is longer than 40" "$(tm capture-pane -p | awk 'length > 40' | wc -l)" 0
tm resize-window -x 10 -y 3
tm resize-window -x 80 -y 24
shown "after a window of three lines" '^carol '

press Home Down Enter
shown "Enter: sessions" '^s[0-9]+ +sshd '
shown "and processes, with their pids inside" '^ *[0-9]+ +[0-9]+ S .* perl -e vec\(my \$x, '
press q
shown "q: back" '^carol '
press k
shown "k: asks" 'end the container of bob with all its sessions'
press n
succeeds "n: nothing is done" has_container bob
press k y
shown "y: done, and told" 'uid 2002: ended'
in_order "it is gone from the screen" "alice carol "
succeeds "and from the host" wait_for 5 no_container bob
press z
press q
gone() { ! tm has-session 2>/dev/null; }
succeeds "q: the end" wait_for 10 gone

# --- the terminal, on each way out -----------------------------------------------------------------

tm new-session -d -x 80 -y 24 bash --norc
before=$(tm send-keys 'stty -a | md5sum' Enter; wait_for 5 screen_has '  -$'; tm capture-pane -p | grep -oE '^[0-9a-f]{32}')
for way in C-c q; do
	press 'clear; ctrctl top' Enter
	shown "$way: a screen" '^alice '
	press $way
	press 'clear; stty -a | md5sum' Enter
	shown "$way: the terminal is as it was" "^$before"
done
press 'clear; NO_COLOR=1 ctrctl top' Enter
shown "NO_COLOR: a screen" '^alice '
colours() { tm capture-pane -pe | grep -E '^[^ ]*alice' | grep -c $'\e\[3[1-7]m'; }
is "NO_COLOR: without" "$(colours)" 0
press q
press 'clear; ctrctl top' Enter
shown "a screen" '^alice '
number "else with colours" "$(wait_for 5 colours; colours)" -ge 1
press C-z
shown "Ctrl-Z: stopped" 'Stopped'
press fg Enter
shown "and on again" '^alice '
tm kill-server

# --- a slow line: what a look costs in bytes -------------------------------------------------------

bytes() { # LOOKS
	TERM=xterm script -qec "stty cols 80 rows 24; ctrctl top -d 0.3 -n $1" /dev/null </dev/null | wc -c
}
first=$(bytes 1)
more=$(bytes 11)
number "a screen of 80 x 24 is no more than 3000 bytes" "$first" -le 3000
number "each further look is no more than 300" $(((more - first) / 10)) -le 300
diag "$first bytes for the first two looks, $(((more - first) / 10)) for each more"

exec {alice_in}>&- {alice_out}<&- {bob_in}>&- {bob_out}<&-
release
wait "$alice_held" "$bob_held" 2>/dev/null
end_all
nothing_left "nothing is left"
done_testing
