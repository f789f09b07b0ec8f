# Sourced by every end-to-end test: results in TAP, waiting for conditions, and the count of
# what a login left behind.  Runs as root inside a world (tests/world); prints one line a
# check, the reason of a failure on "# " lines below it, and the plan at the end.
# shellcheck shell=bash
set -uo pipefail

tap_count=0
tap_failed=0
tap_done=no
tap_dir=$(mktemp -d /tmp/tap.XXXXXX)
tap_shell=$$
# How many times as long as on a quiet machine anything may take before it counts as hung: only what
# fails takes that long.
patience=${TEST_PATIENCE:-3}

# A script that ends before done_testing printed no plan, and tests/run counts that as a failure.
tap_exit() {
	local status=$?
	[ "$BASHPID" = "$tap_shell" ] || return
	[ "$tap_done" = yes ] || echo "Bail out! ended early, status $status"
}
trap tap_exit EXIT

ok() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

fail() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
	[ $# -lt 2 ] || diag "${@:2}"
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# missing NAME PROGRAM: a check that can't be made without it.  Where tests/setup has run (make test)
# that is a failure: what it installs is not there.
missing() {
	if [ "${TEST_SETUP:-0}" = 1 ]; then
		fail "$1" "$2 is not here, and tests/setup is to install it"
	else
		skip "$1" "$2 is not installed: tests/setup does that"
	fi
}

diag() {
	printf '%s\n' "$@" | cut -c 1-400 | head -40 | sed 's/^/#   /'
}

done_testing() {
	echo "1..$tap_count"
	tap_done=yes
	[ "$tap_failed" = 0 ]
	exit
}

# is NAME GOT WANTED
is() {
	if [ "$2" = "$3" ]; then ok "$1"; else fail "$1" "got:    $2" "wanted: $3"; fi
}

isnt() {
	if [ "$2" != "$3" ]; then ok "$1"; else fail "$1" "got what it must not be: $2"; fi
}

# like NAME TEXT REGEX: an extended regular expression, matched line by line
like() {
	if grep -Eq -- "$3" <<<"$2"; then ok "$1"; else fail "$1" "no match of /$3/ in:" "$2"; fi
}

unlike() {
	if grep -Eq -- "$3" <<<"$2"; then fail "$1" "match of /$3/ in:" "$2"; else ok "$1"; fi
}

# number NAME GOT OPERATOR WANTED, as in "number 'tasks' 12 -le 20"
number() {
	if [[ $2 =~ ^-?[0-9]+$ ]] && test "$2" "$3" "$4"; then ok "$1"; else fail "$1" "got $2, wanted $3 $4"; fi
}

# succeeds NAME COMMAND..., fails NAME COMMAND...; both bounded, output shown where it matters
succeeds() {
	local output status=0
	output=$(limited "${@:2}" 2>&1) || status=$?
	if [ "$status" = 0 ]; then ok "$1"; else fail "$1" "exit $status of: ${*:2}" "$output"; fi
}

fails() {
	local output status=0
	output=$(limited "${@:2}" 2>&1) || status=$?
	case $status in
	0) fail "$1" "succeeded: ${*:2}" "$output" ;;
	124 | 137) fail "$1" "still running after $((${LIMIT:-30} * patience)) s: ${*:2}" ;;
	*) ok "$1" ;;
	esac
}

# Functions, too: a shell function cannot be handed to timeout(1).
limited() {
	if [ "$(type -t "$1")" = function ]; then "$@"; else timeout -k 2 $((${LIMIT:-30} * patience)) "$@"; fi
}

# wait_for SECONDS COMMAND...: polls until it succeeds; 1 when the time, times patience, is over
wait_for() {
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000 * patience))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || return 1
		read -r -t 0.05 <> <(:) || true
	done
}

# --- logins ------------------------------------------------------------------------------------

# on USER COMMAND: through sshd with pam_ctr; plain USER COMMAND: through the same without
on() {
	timeout -k 2 $((${LIMIT:-30} * patience)) ssh "$1@world" "${@:2}" </dev/null
}

plain() {
	timeout -k 2 $((${LIMIT:-30} * patience)) ssh "$1@plain" "${@:2}" </dev/null
}

# on_tty USER COMMAND: the same on a pseudo terminal, whose carriage returns and whose echo of
# script's end of input are taken out of what it says
on_tty() {
	timeout -k 2 $((${LIMIT:-30} * patience)) script -qec "ssh -tt $1@world $(printf '%q' "$2")" /dev/null </dev/null | tr -d '\r' | sed 's/^^@//'
}

# hold USER: opens a login that stays until release; $held is its process
hold() {
	coproc HOLD { exec ssh "$1@world" 'echo ready; exec cat' 2>&1; }
	# shellcheck disable=SC2153 # coproc sets HOLD_PID
	held=$HOLD_PID
	# Bash keeps its own ends open: without closing them the far end never sees an end of file.
	exec {held_out}<&"${HOLD[0]}" {held_in}>&"${HOLD[1]}"
	local ours=${HOLD[0]} theirs=${HOLD[1]}
	exec {ours}<&- {theirs}>&-
	local line
	read -r -t $((20 * patience)) -u "$held_out" line && [ "$line" = ready ]
}

# Ends the login that hold() opened, and waits for the client.
release() {
	exec {held_in}>&- {held_out}<&-
	wait "$held" 2>/dev/null
}

# Ends clients in the background.  OpenSSH 9.2's looks for SIGTERM, and then polls without a mask: one that comes
# in between is lost, and the client stays.
end_clients() { # PID...
	kill -KILL "$@" 2>/dev/null
	wait "$@" 2>/dev/null
}

# --- what the host shows ---------------------------------------------------------------------------

supervisors() {
	local directory name
	for directory in /proc/[0-9]*; do
		read -r name 2>/dev/null <"$directory/comm" && [ "$name" = supervisor ] && echo "${directory#/proc/}"
	done
	return 0
}

# The init of USER's container, as the host numbers it: the PID 1 of a PID namespace other
# than ours whose cgroup path names the uid.
init_of() {
	local uid directory name
	uid=$(id -u "$1")
	for directory in /proc/[0-9]*; do
		read -r name 2>/dev/null <"$directory/comm" && [ "$name" = pam_ctr-init ] &&
			grep -q "$WORLD_CGROUP.*/$uid\(/\|$\)" "$directory/cgroup" 2>/dev/null &&
			echo "${directory#/proc/}"
	done
	return 0
}

# Which container a login of USER is in.  Inode numbers of namespaces are used again: the time
# at which init started is told along.
container_of() {
	on "$1" 'echo "$(readlink /proc/self/ns/pid) $(cut -d" " -f22 /proc/1/stat)"'
}

has_container() {
	[ -n "$(init_of "$1")" ]
}

no_container() {
	! has_container "$1" && [ ! -e "/run/pam_ctr/$(id -u "$1")" ]
}

no_containers() {
	[ -z "$(supervisors)" ] && [ -z "$(ls -A /run/pam_ctr 2>/dev/null)" ]
}

# The user's cgroup directory of a controller, whichever version mounted it.
cgroup_of() {
	local uid controller=$2
	uid=$(id -u "$1")
	[ "$controller" != io ] || controller='\(io\|blkio\)'
	find /sys/fs/cgroup -type d -path "*/$WORLD_CGROUP*/$uid" 2>/dev/null |
		if [ -e /sys/fs/cgroup/cgroup.controllers ]; then cat; else grep "/$controller/" || true; fi | head -1
}

cgroup_is_v2() {
	[ -e /sys/fs/cgroup/cgroup.controllers ]
}

log_has() {
	grep -Eq -- "$1" "$WORLD_LOG"
}

# Marks the log, and shows what came since.
log_mark() {
	log_from=$(($(wc -l <"$WORLD_LOG") + 1))
}

log_since() {
	tail -n "+$log_from" "$WORLD_LOG"
}

log_since_has() {
	log_since | grep -Eq -- "$1"
}

# logged NAME REGEX: one line since the mark, waited for
logged() {
	if wait_for 5 log_since_has "$2"; then ok "$1"; else fail "$1" "not logged: /$2/; log:" "$(log_since)"; fi
}

# policy: standard input, below the world's own [host] section, becomes the policy
policy() {
	local host=${POLICY_HOST:-}
	{
		printf '[host]\nexempt = @sudo\ncgroup = %s\n%s\n' "$WORLD_CGROUP" "$host"
		cat
	} >/etc/pam_ctr.conf.new
	mv /etc/pam_ctr.conf.new /etc/pam_ctr.conf
}

# Ends every container that there is, so that the next policy finds none.
end_all() {
	local user
	for user in alice bob carol; do
		if has_container "$user"; then ctrctl kill "$user" >/dev/null 2>&1; fi
		# Where ctrctl does not do it, that is another check's failure, not the following ones'.
		if has_container "$user"; then kill -KILL "$(init_of "$user")"; fi
	done
	wait_for 10 no_containers
}

# --- before and after ------------------------------------------------------------------------------

# What a login must not leave behind, as text.  Without forks in the process list, so that the
# list does not show those who make it.
snapshot() {
	local directory name
	for directory in /proc/[0-9]*; do
		case ${directory#/proc/} in "$BASHPID" | "$$") continue ;; esac
		read -r name 2>/dev/null <"$directory/comm" || continue
		echo "process ${directory#/proc/} $name"
	done
	awk '{ print "mount", $4, $5 }' /proc/1/mountinfo
	find /sys/fs/cgroup -type d -path "*/$WORLD_CGROUP*" 2>/dev/null | sed 's/^/cgroup /'
	find /run/pam_ctr -mindepth 1 2>/dev/null | sed 's/^/run /'
	find /dev ! -path '/dev/pts/ptmx' 2>/dev/null | sed 's/^/dev /'
	find /tmp /var/tmp /dev/shm -mindepth 1 -maxdepth 1 ! -name 'tap.*' 2>/dev/null | sed 's/^/tmp /'
	ipcs -a | grep '^0x' | sed 's/^/ipc /'
	return 0
}

snapshot_take() {
	snapshot >"$tap_dir/before.unsorted"
	LC_ALL=C sort "$tap_dir/before.unsorted" >"$tap_dir/before"
}

snapshot_same() {
	snapshot >"$tap_dir/after.unsorted"
	LC_ALL=C sort "$tap_dir/after.unsorted" >"$tap_dir/after"
	cmp -s "$tap_dir/before" "$tap_dir/after"
}

# nothing_left NAME [SECONDS]: the host is, or becomes in time, what it was at snapshot_take
nothing_left() {
	if wait_for "${2:-10}" snapshot_same; then
		ok "$1"
	else
		fail "$1" "$(diff "$tap_dir/before" "$tap_dir/after" | grep '^[<>]')"
	fi
}
