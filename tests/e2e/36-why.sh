#!/bin/bash
# Why a program died: its user reads it on the terminals, the administrator in the log, and the
# login itself lives on.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

# begin NAME USER [COMMAND]: an interactive login on a terminal of its own; what it shows goes to
# a file, what is typed comes from a fifo
declare -A typing client
begin() {
	mkfifo "$tap_dir/$1.in"
	script -qefc "${3:-ssh -tt $2@world}" /dev/null <"$tap_dir/$1.in" >"$tap_dir/$1.out" 2>&1 &
	client[$1]=$!
	local fd
	exec {fd}>"$tap_dir/$1.in"
	typing[$1]=$fd
	typed "$1" 'PATH=$PATH:/usr/libexec/pam_ctr-test; PS1=; echo "be""gun"'
	shown "a login on a terminal: $1" "$1" '^begun$'
}

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

hides() { # NAME OF REGEX
	if shows "$2" "$3"; then fail "$1" "$(cat -v "$tap_dir/$2.out")"; else ok "$1"; fi
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

# A second of quiet is over, so that the next limit that is hit is told at once.
anew() {
	finish one
	end_all
	begin one alice
}

policy <<END
[default]
memory.max = 96M
pids.max = 60
END
snapshot_take

# --- one that is large

begin one alice
begin two alice
begin deaf alice
typed deaf 'mesg n; echo "de""af"'
shown "one of them wants no messages" deaf '^deaf$'
begin su alice 'su - alice'
log_mark
typed one 'attempt memory 400; echo "status $?"'
shown "a memory hog is killed, and its login lives on" one '^status 137$' 30
shown "which its terminal tells in one line" one \
	'^pam_ctr: attempt( \(pid [0-9]+\))? was killed: your 96 MiB of memory are used up; see ctrctl show$'
shown "and the other terminal" two 'pam_ctr: attempt.* was killed: your 96 MiB'
shown "and the one that su came with" su 'pam_ctr: attempt.* was killed: your 96 MiB'
hides "but none that said mesg n" deaf 'pam_ctr:'
logged "the log has user, limit, program and use" \
	'limit hit: user=alice uid=2001 session=[a-z0-9]+ limit=memory\.max killed=[1-9][0-9]* cause=(own|unknown) program="attempt" pid=[0-9a-z]+ pid_inside=[0-9a-z]+ max=100663296 peak=[0-9]+$'
typed one 'for i in 1 2 3; do attempt memory 400; done; echo "do""ne"'
shown "three more are killed" one '^done$' 60
number "and are not told one by one" "$(tr -d '\r' <"$tap_dir/one.out" | grep -c '^pam_ctr: .*killed')" -le 3
finish deaf
finish two
finish su

# --- names that lie

# The kernel names cgroups for ten kills in five seconds, whoever's they were.
sleep 5
anew
log_mark
typed one 'cp "$(command -v attempt)" "/tmp/$(printf "\033[31mx\" y,pid=1")"; "/tmp/$(printf "\033[31mx\" y,pid=1")" memory 400; echo "status $?"'
shown "a program with an odd name is killed" one '^status 137$' 30
shown "and named without being obeyed" one '^pam_ctr: \\x1b\[31mx\\x22 y,pid=1?.* was killed'
logged "in the log, too" 'limit=memory\.max .*program="\\x1b\[31mx\\x22 y,pid'

# --- many that are small

anew
typed one 'echo "shell $$ of $(cut -d" " -f4 /proc/$$/stat)"'
shown "a shell and its sshd" one '^shell [0-9]+ of [0-9]+$'
shell=$(tr -d '\r' <"$tap_dir/one.out" | grep -E '^shell [0-9]+ of')
log_mark
typed one 'for i in $(seq 40); do perl -e '\''$x = "x" x (3 << 20); sleep 60'\'' & sleep 0.1; done 2>/dev/null; echo "star""ted"'
shown "forty small programs take all the memory" one '^started$' 60
logged "which the log tells" 'limit hit: user=alice .*limit=memory\.max .*program="perl"'
typed one 'kill %% 2>/dev/null; echo "shell $$ of $(cut -d" " -f4 /proc/$$/stat), still"'
shown "they are the same as before" one "^$shell, still\$"
weight() { for pid in $(pgrep -u alice -x "$1"); do cat "/proc/$pid/oom_score_adj"; done | sort -n | uniq | tr '\n' ' '; }
is "the login weighs what it is" "$(weight bash)$(weight sshd)" "0 0 "
like "the rest more" "$(weight perl)" '^[0-9 ]*3[0-9][0-9] $'

# --- files

anew
typed one 'dd if=/dev/zero of=/tmp/full bs=1M 2>&1 | grep -c "No space left"'
shown "a full /tmp is no more than full" one '^1$' 30
typed one 'echo "still $$"'
shown "and its login lives" one '^still [0-9]+$'

# --- tasks

anew
log_mark
typed one 'for i in $(seq 70); do sleep 30 & done >/dev/null 2>&1'
shown "who uses up the tasks is told" one '^pam_ctr: your 60 tasks are used up: no new program or thread can start; see ctrctl show$' 30
logged "and so is the log" 'limit hit: user=alice uid=2001 session=s[0-9]+ limit=pids\.max refused_forks=[0-9]+ max=60$'
typed one ''
is "once" "$(tr -d '\r' <"$tap_dir/one.out" | grep -c '^pam_ctr: your 60 tasks')" 1

# --- before it comes to that

anew
log_mark
typed one 'perl -e '\''for (1 .. 87) { push @x, chr(65 + $_ % 26) x (1 << 20); select undef, undef, undef, 0.05 } sleep 5'\'
shown "who is about to use up the memory is warned" one \
	'^pam_ctr: [0-9]+ MiB of your 96 MiB of memory are in use: when it is all used up, a program of yours is killed; see ctrctl show$' 30
logged "the log has it in numbers" 'memory strained: user=alice uid=2001 sign=(use|pressure) use=[0-9]+ high=none max=100663296$'
is "and nothing was killed" "$(log_since | grep -c 'limit=memory.max')" 0

# --- a terminal that is stopped, and no log of the kernel's

finish one
end_all
mv /dev/kmsg /dev/kmsg.away
begin one alice
begin two alice
typed two $'\x13'
typed one 'attempt memory 400; echo "status $?"'
shown "without the kernel's log it is told all the same" one '^pam_ctr: a program of yours was killed: your 96 MiB' 30
is "a terminal that is stopped holds nobody up" "$(on alice 'echo in')" in
typed two $'\x11'
typed one 'echo "li""ves"'
shown "nor its own" one '^lives$'
finish one
finish two
mv /dev/kmsg.away /dev/kmsg
end_all

# --- what others share

policy <<END
[slice pair]
memory.max = 64M
[group lab]
slice = pair
END
begin one alice
log_mark
typed one 'attempt memory 400; echo "status $?"'
shown "who uses up a slice is told that it is shared" one '^pam_ctr: attempt.* was killed: (the memory that you share with others|memory) is used up' 30
logged "and the log" 'limit hit: user=alice .* killed=1 cause=(shared|unknown) program="attempt" .* max=none'
finish one
wait_for 10 no_containers

if cgroup_is_v2; then
	policy <<-END
		[default]
		memory.max = 96M
		memory.high = 64M
	END
	begin one alice
	log_mark
	typed one 'perl -e '\''for (1 .. 60) { push @x, chr(65 + $_ % 26) x (1 << 20) } sleep 5'\'
	shown "at memory.high the user is told that programs are slowed down" one \
		'^pam_ctr: [0-9]+ MiB of memory are in use: above 64 MiB your programs are slowed down, and above 96 MiB one is killed$' 30
	logged "and the log" 'memory strained: user=alice uid=2001 sign=(use|pressure) use=[0-9]+ high=67108864 max=100663296$'
	finish one
else
	skip "a warning at memory.high" "cgroup v1 has no such limit: make test-vm"
fi
wait_for 10 no_containers
nothing_left "nothing is left"
done_testing
