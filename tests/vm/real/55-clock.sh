#!/bin/bash
# THREATS H41: the clock is set a day on, and two back, while sessions and their ends are counted: neither is sooner or later.
# shellcheck source=guest.sh
. "$(dirname "$0")/guest.sh"

set_right() { host "date -s @$(date +%s) >/dev/null"; }
held_lives() { kill -0 "$held" 2>/dev/null; }
echoes() { # TEXT: the held login answers
	local line
	printf '%s\n' "$1" >&"$held_in"
	read -r -t "$LIMIT" -u "$held_out" line && [ "$line" = "$1" ]
}

policy_of 'profile = sealed' 'session_time = 60s' 'grace = 0'
no_containers
log_mark
hold alice || fail "alice's login that stays"
from=$SECONDS
host "date -s '+1 day' >/dev/null"
is "a day later another user's login is in" "$(on bob 'echo in')" in
if echoes on; then ok "hers goes on"; else fail "hers goes on"; fi
host "date -s '-2 days' >/dev/null"
is "a day before, too" "$(on bob 'echo in')" in
if echoes back; then ok "and hers goes on"; else fail "and hers goes on"; fi
over() { ! held_lives; }
if wait_for 90 over; then ok "its time ends it, as it would have"; else fail "its time ends it, as it would have"; fi
number "not before (seconds)" $((SECONDS - from)) -ge 50
release
set_right
like "the log counts what has passed" "$(log_since)" 'session closed: user=alice .* seconds=[6-8][0-9] how="session_time"'
no_containers

# Idleness is seen by a terminal's time of input, which is of the clock that was set.
policy_of 'profile = sealed' 'idle_timeout = 60s' 'grace = 0'
log_mark
VM_SSH_OPTS=-tt hold alice || fail "alice's terminal that stays"
from=$SECONDS
host "date -s '+1 day' >/dev/null"
is "a day is no idleness: another user's login is in" "$(on bob 'echo in')" in
number "it is looked at before it could have been that long (seconds)" $((SECONDS - from)) -lt 60
if held_lives; then ok "hers goes on, idle as it is"; else fail "hers goes on, idle as it is"; fi
host "date -s '-2 days' >/dev/null"
if wait_for 120 over; then ok "without input it ends"; else fail "without input it ends"; fi
number "not before (seconds)" $((SECONDS - from)) -ge 50
release
set_right
logged "the log says why" 'session closed: user=alice .* how="idle_timeout"'
no_containers

# What does not heed SIGTERM after the logout has as long as the policy says.
policy_of 'profile = sealed' 'logout = kill' 'grace = 20s'
on alice '(trap "" HUP TERM; exec sleep 600) >/dev/null 2>&1 &'
from=$SECONDS
host "date -s '+1 day' >/dev/null"
if host 'test -n "$(ls -A /run/pam_ctr)"'; then ok "the grace is not over with the day"; else fail "the grace is not over with the day"; fi
host "date -s '-2 days' >/dev/null"
if no_containers; then ok "nor for ever"; else fail "nor for ever"; fi
number "it was as long as it is (seconds)" $((SECONDS - from)) -ge 10
set_right
succeeds "the next login is as any other" on alice true
no_containers
done_testing
