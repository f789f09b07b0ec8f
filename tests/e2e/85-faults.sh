#!/bin/bash
# An errno in a few of the system calls of a login and of ctrctl, an allocation that fails, and death in the midst of
# it; "make test-faults" takes all of them.  A pid that another process got meanwhile.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

if ! command -v faults >/dev/null; then
	skip "faults in a login's system calls" "the tracer is for x86_64"
	done_testing
fi
before=$(cat /etc/pam_ctr.conf)
cp -r /etc/pam_ctr.conf.d "$tap_dir/conf.d"

campaign() { # NAME PROFILE ARGUMENTS...
	if "$(dirname "$0")/../faults/in-world" "${@:2}" >"$tap_dir/out" 2>"$tap_dir/err"; then
		ok "$1: $(grep -o '^# [0-9]* runs' "$tap_dir/out"), none open, hanging, crashed or left"
	else
		fail "$1" "$(grep -v '^ok' "$tap_dir/out")" "$(tail -n 3 "$tap_dir/err")"
	fi
}
campaign "an errno, sealed" sealed -n 199 -j 2
campaign "an errno, shared" shared -n 211 -j 2
campaign "an errno, a second login" sealed -s second -n 83 -j 2
campaign "memory" sealed -k memory -n 17 -j 2
campaign "SIGKILL" sealed -k kill -n 83 -j 2
campaign "SIGKILL, a second login" sealed -s second -k kill -n 31 -j 2
campaign "SIGSTOP of the caller" sealed -k stop -r caller -n 83 -j 2
campaign "an errno in the helper for devices" sealed -s cold -r devices -n 149
# libseccomp goes on, with a filter that lacks rules: its helper must not.
log_mark
campaign "memory in the helper for filters" sealed -s cold -k memory -r filter -n 449
runs=$(sed -n 's/^# \([0-9]*\) runs.*/\1/p' "$tap_dir/out")
number "which ends there" "$runs" -gt 0
is "each time" "$(log_since | grep -c 'login refused: .*: no memory"')" "$runs"
campaign "SIGSTOP of the helper for devices" sealed -s cold -k stop -r devices -n 61
campaign "an order: set, an errno" sealed -s ctl-set -n 211 -j 2
campaign "an order: set, SIGKILL" sealed -s ctl-set -k kill -n 53 -j 2
campaign "an order: gc, an errno" sealed -s ctl-gc -n 499
campaign "an order: freeze, an errno" sealed -s ctl-freeze -n 211 -j 2
campaign "an order: run, an errno" sealed -s ctl-run -n 83 -j 2
campaign "an order: enter, SIGSTOP of ctrctl" sealed -s ctl-enter -k stop -r ctrctl -n 61 -j 2
campaign "an order: kill, SIGSTOP of the supervisor" sealed -s ctl-kill -k stop -r supervisor -n 149 -j 4
printf '%s\n' "$before" >/etc/pam_ctr.conf
rm -rf /etc/pam_ctr.conf.d
mv "$tap_dir/conf.d" /etc/pam_ctr.conf.d

# All that the record names is dead, and init's pid and the caller's are somebody else's now.
holds() { # sets $caller
	coproc CALLER { exec pam_caller --user alice --calls open,hold; }
	caller=$CALLER_PID
	read -r -t $((10 * patience)) -u "${CALLER[0]}" line && [ "$line" = "open: PAM_SUCCESS" ]
}
take_pid() { # PID: a process of ours gets that number; 1: it is taken
	[ ! -e "/proc/$1" ] && echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid 2>/dev/null || return
	sleep 300 &
	taken=$!
	[ "$taken" = "$1" ] || { kill "$taken"; return 1; }
}
mount -o remount,bind,rw /proc/sys 2>/dev/null
holds
init=$(init_of alice)
kill -KILL "$(supervisors)" "$init" "$caller"
wait "$caller" 2>/dev/null
wait_for 5 test ! -e "/proc/$init"
if wait_for 5 take_pid "$init"; then
	log_mark
	isnt "a process that has the recorded pid is not joined" "$(container_of alice | cut -d' ' -f1)" "$(readlink /proc/self/ns/pid)"
	succeeds "nor ended" kill -0 "$taken"
	unlike "nor adopted" "$(log_since)" 'container adopted'
	kill "$taken"
else
	skip "a recorded pid that is another's" "pids can't be chosen here"
fi
wait_for 10 no_containers
holds
caller_dead=$caller
kill -KILL "$(supervisors)" "$caller"
wait "$caller" 2>/dev/null
if wait_for 5 take_pid "$caller_dead"; then
	log_mark
	succeeds "a login after it" on alice true
	logged "a process that has a caller's pid is no session" 'container adopted: .*sessions=0'
	succeeds "nor ended" kill -0 "$taken"
	kill "$taken"
else
	skip "a caller's pid that is another's" "pids can't be chosen here"
fi
succeeds "nothing stays" wait_for 10 no_containers
done_testing
