#!/bin/bash
# A memory hog and a fork bomb of contained users, on a host of 1 GB: the others work meanwhile.
# shellcheck source=guest.sh
. "$(dirname "$0")/guest.sh"

policy_of 'profile = sealed' 'memory.max = 150M' 'memory.swap.max = 0' 'pids.max = 60' 'cpu.max = 50%'
no_containers
snapshot_take
root_logs_in() { # NAME: how long root waits, in ms; bounded by what a login alone takes here, tenfold
	local from=${EPOCHREALTIME/./}
	is "$1: root logs in" "$(on root 'echo in')" in
	number "$1: in bounded time (ms)" $(((${EPOCHREALTIME/./} - from) / 1000)) -le $((alone * 10 + 2000))
}
from=${EPOCHREALTIME/./}
on root true
alone=$(((${EPOCHREALTIME/./} - from) / 1000))

# --- memory ----------------------------------------------------------------------------------------------------------

log_mark
out=$(on alice 'python3 -c "
data = []
while True: data.append(bytearray(4 << 20))
"; echo hog=$?; echo shell=$$')
like "the hog is killed" "$out" '^hog=137$'
like "its shell is not" "$out" '^shell=[0-9]+$'
logged "the log says whose limit it was" 'limit hit: user=alice'
is "nobody else's process was killed" "$(host 'dmesg' | grep -c 'Out of memory:')" 0
like "by the kernel, for the container's limit" "$(host 'dmesg')" 'Memory cgroup out of memory: Killed process'

# --- tasks -----------------------------------------------------------------------------------------------------------

end_all
hold bob || fail "bob's login that stays"
coproc BOMB { exec "$VM_SSH" alice 'trap "" TERM; echo ready; bomb() { bomb | bomb & }; bomb 2>/dev/null; exec sleep 60' 2>&1; }
bomb_pid=$BOMB_PID
read -r -t "$LIMIT" -u "${BOMB[0]}" _
if host_waits 30 'test "$(cat /sys/fs/cgroup/pam_ctr/$(id -u alice)/pids.current)" -ge 55'; then
	ok "a fork bomb fills alice's limit"
else
	fail "a fork bomb fills alice's limit" "$(host 'find /sys/fs/cgroup/pam_ctr -name pids.current | xargs grep .')"
fi
number "and not more" "$(host 'cat /sys/fs/cgroup/pam_ctr/$(id -u alice)/pids.current')" -le 92
root_logs_in "while it goes off"
is "bob works" "$(on bob 'echo works')" works
number "by the kernel's counter" "$(host 'awk "/^max/ { print \$2 }" /sys/fs/cgroup/pam_ctr/$(id -u alice)/pids.events /sys/fs/cgroup/pam_ctr/$(id -u alice)/*/pids.events | sort -n | tail -1')" -gt 0
release
succeeds "ctrctl kill ends it" host 'ctrctl kill alice'
wait "$bomb_pid" 2>/dev/null
is "and nothing of it lives on" "$(host 'pgrep -c -u alice')" 0
contained "alice can log in again" "$(on alice 'readlink /proc/self/ns/pid')"

# --- both at once, by two users, and the CPU ----------------------------------------------------------------------------

end_all
hogs=()
for user in alice bob; do
	on "$user" 'for i in 1 2 3 4; do timeout 20 python3 -c "
data = []
while True: data.append(bytearray(1 << 20))
" & timeout 20 sh -c "while :; do :; done" & done; wait' >/dev/null 2>&1 &
	hogs+=($!)
done
host_waits 20 'pgrep -u alice python3 && pgrep -u bob python3'
root_logs_in "beside eight hogs of two users"
wait "${hogs[@]}"
hold alice || fail "a login that stays"
on alice 'timeout 3 sh -c "while :; do :; done"'
number "the CPU limit throttles" "$(host 'awk "/^nr_throttled/ { print \$2 }" /sys/fs/cgroup/pam_ctr/$(id -u alice)/cpu.stat')" -gt 0
release
end_all
nothing_left "nothing is left"
done_testing
