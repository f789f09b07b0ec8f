# Sourced by every tests/vm/real/*.sh: the words of tests/lib/tap.sh for a guest that is a host of its
# own.  Runs on the machine that runs qemu, without rights; vm-run's --host sets $VM_SSH, $VM_PORT and
# $VM_TTY.  The guest has libpam-ctr installed and enabled in its own PAM stacks, and nothing of ours
# besides: its sshd, getty, cron, atd and udevd are Debian's.
# shellcheck shell=bash
# shellcheck source=../../lib/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../lib/tap.sh"
export LC_ALL=C
LIMIT=${LIMIT:-120}

# on USER COMMAND: by ssh from outside; on_tty the same with a terminal
on() {
	timeout -k 2 "$LIMIT" "$VM_SSH" "$1" "${@:2}" </dev/null
}

on_tty() {
	VM_SSH_OPTS=-tt timeout -k 2 "$LIMIT" "$VM_SSH" "$1" "${@:2}" </dev/null | tr -d '\r'
}

# host COMMAND: as root of the guest, who is never contained
host() {
	on root "$*"
}

# host_waits SECONDS COMMAND: until it succeeds there; bounded by as many times patience
host_waits() {
	LIMIT=$(($1 * patience + 60)) host "for i in \$(seq $(($1 * 5 * patience))); do ($2) >/dev/null 2>&1 && exit 0; sleep 0.2; done; exit 1"
}

# policy: standard input, below [host], is the guest's
policy() {
	{
		printf '[host]\nexempt = @sudo\n'
		cat
	} | timeout "$LIMIT" "$VM_SSH" root 'cat >/etc/pam_ctr.conf'
}

policy_of() { # LINE...: of [default]
	policy < <(printf '%s\n' '[default]' "$@")
}

no_containers() {
	host_waits 60 '[ -z "$(ls -A /run/pam_ctr 2>/dev/null)" ]'
}

end_all() {
	host 'for user in alice bob carol; do ctrctl kill $user >/dev/null 2>&1; done'
	no_containers
}

# hold USER: a login that stays until release
hold() {
	coproc HOLD { exec "$VM_SSH" "$1" 'echo ready; exec cat' 2>&1; }
	# shellcheck disable=SC2153 # coproc sets HOLD_PID
	held=$HOLD_PID
	# Bash keeps its own ends open: without closing them the far end never sees an end of file.
	exec {held_out}<&"${HOLD[0]}" {held_in}>&"${HOLD[1]}"
	local ours=${HOLD[0]} theirs=${HOLD[1]} line
	exec {ours}<&- {theirs}>&-
	read -r -t "$LIMIT" -u "$held_out" line && [ "${line%$'\r'}" = ready ]
}

# The guest's log from a mark on; logged NAME REGEX waits for a line there.
log_mark() {
	log_from=$(($(host 'wc -l </var/log/syslog') + 1))
}

log_since() {
	host "tail -n +$log_from /var/log/syslog"
}

logged() {
	if host_waits 10 "tail -n +$log_from /var/log/syslog | grep -Eq -- $(printf %q "$2")"; then
		ok "$1"
	else
		fail "$1" "not logged: /$2/; log:" "$(log_since)"
	fi
}

# What a login must not leave behind, on a host on which little else goes on.
snapshot() {
	host 'cat /proc/[0-9]*/comm | grep -E "^(supervisor|pam_ctr-init|devices)$"
		awk "{ print \"mount\", \$4, \$5 }" /proc/1/mountinfo
		find /sys/fs/cgroup -mindepth 1 -type d -path "*pam_ctr*" ! -path /sys/fs/cgroup/pam_ctr
		find /run/pam_ctr /dev -mindepth 1 ! -path "/dev/pts/*" ! -path "/dev/char/*" ! -path "/dev/vcs*"; ipcs -a | grep ^0x' | LC_ALL=C sort
}

snapshot_take() {
	before=$(snapshot)
}

snapshot_same() {
	[ "$(snapshot)" = "$before" ]
}

nothing_left() { # NAME
	if wait_for 20 snapshot_same; then ok "$1"; else
		fail "$1" "$(diff <(printf '%s\n' "$before") <(snapshot) | grep '^[<>]')"
	fi
}

# The PID namespace of the guest itself: who is in it is not contained.
host_pid_namespace=$(host 'readlink /proc/1/ns/pid')

contained() { # NAME, text with the PID namespace's link in it
	like "$1: in a PID namespace" "$2" 'pid:\[[0-9]+\]'
	unlike "$1: which is not the host's" "$2" "$(tr -d '[]' <<<"${host_pid_namespace#pid:}")"
}
