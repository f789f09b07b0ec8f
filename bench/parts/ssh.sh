#!/bin/bash
# What a module takes inside a real sshd, and an ssh login from end to end: an sshd of its own for each case, whose PAM
# stack is the same but for the module between two clocks (bench/pam_clock.c).
# shellcheck source=../world.sh
. "$(dirname "$0")/../world.sh"

cases=(none namespace shared sealed machine)
module[none]=
clock=/run/bench-clock
port=2300

ssh_to() { # NAME COMMAND...
	echo ssh -p "${at[$1]}" alice@127.0.0.1 "${@:2}"
}

start_sshd() {
	local name=$1 stack=/etc/pam.d/sshd-$1
	cp /etc/pam.d/sshd-plain "$stack"
	echo "session required $programs/pam_clock.so begin $clock" >>"$stack"
	[ -z "${module[$name]}" ] || echo "session required ${module[$name]}" >>"$stack"
	echo "session required $programs/pam_clock.so end $clock" >>"$stack"
	ln -sf sshd "/usr/sbin/sshd-$name"
	port=$((port + 1)) at[$name]=$port
	"/usr/sbin/sshd-$name" -p "$port" -o PidFile="/run/sshd-$name.pid" 3>&-
}

# The first login and its end: the session is the command's.
first() {
	local name=$1 call begin end
	: >"$clock"
	ask "$name" "$gap"
	say cold "$name" total ns "${answer[0]}"
	wait_closed
	while IFS=, read -r call begin end; do
		say cold "$name" "$call" ns $((end - begin))
		if [ "$call" = close ] && [ "$awaits" = yes ]; then
			say cold "$name" gone ns $((answer[2] - begin))
		fi
	done <"$clock"
}

# sshd's monitor may close the session a moment after its client has ended.
wait_closed() {
	local try
	for ((try = 0; try < 250; try++)); do
		grep -q '^close,' "$clock" && return
		sleep 0.02
	done
	die "no session was closed"
}

# A second one while the first lives.
second() {
	local name=$1 line to_first of_first
	coproc FIRST { exec ssh -p "${at[$name]}" alice@127.0.0.1 'echo ready; exec cat' 3>&-; }
	# Bash keeps its own ends open: without closing them the far end never sees an end of file.
	exec {of_first}<&"${FIRST[0]}" {to_first}>&"${FIRST[1]}"
	local pid=$FIRST_PID ours=${FIRST[0]} theirs=${FIRST[1]}
	exec {ours}<&- {theirs}>&-
	line=
	read -r -t 20 -u "$of_first" line || true
	[ "$line" = ready ] || die "$name: no first login"
	: >"$clock"
	ask "second-$name" "$gap"
	say cold "$name" second-total ns "${answer[0]}"
	awk -F, '$1 == "open" { print $3 - $2 }' "$clock" | while read -r took; do
		say cold "$name" second ns "$took"
	done
	wait_closed
	exec {to_first}>&- {of_first}<&-
	wait "$pid"
}

declare -A at
prepare
for name in "${cases[@]}"; do
	start_sshd "$name"
	awaits=-
	[[ ${module[$name]} != *pam_ctr.so ]] || awaits=$(state_of "$name")
	read -r -a command <<<"$(ssh_to "$name" true)"
	start "$name" "$programs/stopwatch" "$awaits" "${command[@]}"
	start "second-$name" "$programs/stopwatch" - "${command[@]}"
	ask "$name" 0
	ask "$name" 0
done
for ((round = 0; round < rounds; round++)); do
	for name in "${cases[@]}"; do
		awaits=no
		[[ ${module[$name]} != *pam_ctr.so ]] || awaits=yes
		first "$name"
		second "$name"
		[ "$awaits" = no ] || await_gone "$name"
	done
done
