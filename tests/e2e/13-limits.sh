#!/bin/bash
# Limits: each is in the kernel's file, each does what it says, and none ends the login itself.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

value() {
	cat "$(cgroup_of "$1" "$2")/$3" 2>&1
}

policy <<END
[default]
memory.max = 64M
pids.max = 40
cpu.max = 50%
cpu.weight = 50
cpuset.cpus = 0
END
snapshot_take
hold alice
if cgroup_is_v2; then
	is "memory.max" "$(value alice memory memory.max)" 67108864
	is "cpu.max" "$(value alice cpu cpu.max | awk '{ print $1 * 100 / $2 }')" 50
	is "cpu.weight" "$(value alice cpu cpu.weight)" 50
	is "cpuset.cpus" "$(value alice cpuset cpuset.cpus)" 0
else
	is "memory.max" "$(value alice memory memory.limit_in_bytes)" 67108864
	is "cpu.max" "$(($(value alice cpu cpu.cfs_quota_us) * 100 / $(value alice cpu cpu.cfs_period_us)))" 50
	number "cpu.weight is half of the default share" "$(value alice cpu cpu.shares)" -le 600
	is "cpuset.cpus" "$(value alice cpuset cpuset.cpus)" 0
fi
if ! cgroup_is_v2 && grep -q ' - cgroup2 ' /proc/self/mountinfo; then
	is "v1, and cgroup2 beside it: the limits are v1's, and nothing of ours is in cgroup2" \
		"$(find "$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)" -path "*$WORLD_CGROUP*")" ""
else
	skip "v1, and cgroup2 beside it" "this machine has one of them alone"
fi
is "the user's processes are on that CPU" "$(on alice 'grep Cpus_allowed_list /proc/self/status | cut -f2')" 0

if cgroup_is_v2; then
	is "the user reads the own limits where programs look" "$(on alice 'cat /sys/fs/cgroup/memory.max')" 67108864
else
	is "the user reads the own limits where programs look" \
		"$(on alice 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes')" 67108864
fi
fails "and can't write them" on alice 'echo 1G >/sys/fs/cgroup/memory.max || echo 1G >/sys/fs/cgroup/memory/memory.limit_in_bytes'

log_mark
like "within the memory limit a program runs" "$(on alice 'attempt memory 16')" '^16$'
memory=$(on alice 'attempt memory 400; echo "status $?"; echo the session lives')
unlike "a memory hog does not get 400 MiB of 64" "$memory" '^400$'
like "it is killed" "$memory" '^status 137$'
like "and its session lives on" "$memory" '^the session lives$'
is "the held session lives on, too" "$(ps -o stat= -p "$held" | cut -c1)" S
logged "the hit is logged" 'limit hit: user=alice .*memory'

number "fork stops at pids.max" "$(on alice 'attempt fork 200')" -le 40
number "and gets near it" "$(on alice 'attempt fork 200')" -ge 20
log_mark
bomb=$(LIMIT=60 on alice 'bomb() { bomb | bomb & }; (bomb) 2>/dev/null; exec attempt cpu 300')
like "a fork bomb leaves the session alone" "$bomb" '^[0-9]+$'
number "and never has more than the container's limit" "$(value alice pids pids.current)" -le 80
succeeds "root logs in beside it" on root true
succeeds "so does bob" on bob true
succeeds "ctrctl kill ends a fork bomb" ctrctl kill alice
end_all
release
wait_for 10 no_containers

# A full session must not lock its user out: the reserve of the login.
coproc FULL { ssh alice@world 'exec attempt fill 500' 2>&1; }
full_pid=$FULL_PID
full_in=${FULL[1]}
read -r -t $((20 * patience)) -u "${FULL[0]}" line
number "a session fills its task limit" "${line#full }" -le 40
refused_forks() { ctrctl show alice --json | sed -n 's/.*"pids_refused": \([0-9]*\).*/\1/p'; }
number "show tells the forks refused in it" "$(refused_forks)" -ge 1
log_mark
second=$(on alice 'echo in'; echo "status $?")
like "a second login of a full user is let in or refused, nothing else" "$second" '^(in|status [1-9][0-9]*)$'
is "never on the host" "$(on alice 'readlink /proc/self/ns/pid' | grep -c "$(readlink /proc/self/ns/pid | tr -d '[]')")" 0
# The reserve, too, is used up: then sshd can't start its child.
mkfifo "$tap_dir/quiet"
ssh alice@world 'exec attempt fill 500' <>"$tap_dir/quiet" >"$tap_dir/more" 2>&1 &
more=$!
succeeds "another session fills the reserve" wait_for 20 grep -q '^full ' "$tap_dir/more"
log_mark
fails "a login then is refused" on alice true
logged "and the log says by which limit" 'limit hit: user=alice .*limit=pids\.max .*max=40'
succeeds "root logs in beside it" on root true
succeeds "and so does bob" on bob true
like "ctrctl kill frees it" "$(ctrctl kill alice; on alice 'echo in' 2>&1)" '^in$'
wait "$more" 2>/dev/null
exec {full_in}>&-
wait "$full_pid" 2>/dev/null
wait_for 10 no_containers
succeeds "the next login works" on alice true

hold alice
on alice 'attempt fork 200' >/dev/null
is_told() { [ "$(refused_forks)" -ge 1 ] && [ "$(list_sessions alice)" = 1 ]; }
list_sessions() { ctrctl show "$1" --json | grep -c '"id": "s[0-9]'; }
succeeds "also when that session has ended, and the container goes on" wait_for 10 is_told
like "and metrics" "$(ctrctl metrics)" '^pam_ctr_user_forks_refused_total\{user="alice",uid="2001"\} [1-9]'
release
wait_for 10 no_containers
like "and still when the container is gone" "$(ctrctl metrics)" '^pam_ctr_user_forks_refused_total\{user="alice",uid="2001"\} [1-9]'

# At memory.max: programs that take all they can get, again and again, and logins beside them.
hold alice
monitor=$(pgrep -f '^sshd: alice \[priv\]')
on alice "for n in 1 2 3; do while :; do perl -e '\$x = q(x) x 60e6; sleep 1'; done & done; wait" >/dev/null 2>&1 &
hogs=$!
killed() { ctrctl show alice --json | grep -q '"oom_kills": [1-9]'; }
succeeds "hogs are killed at memory.max" wait_for 20 killed
log_mark
in=0
for _ in 1 2 3 4 5; do
	out=$(on alice 'echo in' 2>&1)
	[ "$out" != in ] || in=$((in + 1))
	[ "$out" = in ] || [ -n "$out" ] || diag "$(log_since)"
done
number "logins at memory.max are in" "$in" -ge 4
is "sshd's monitor is not killed" "$(pgrep -f '^sshd: alice \[priv\]' | grep -x "$monitor")" "$monitor"
succeeds "ctrctl kill ends it" ctrctl kill alice
wait "$hogs"
release
wait_for 10 no_containers
# Two sessions have one sum: 40 MiB each are more than 64.
mkfifo "$tap_dir/go"
halves=()
for n in 1 2; do
	ssh alice@world "perl -e '\$| = 1; vec(\$x, 40e6, 8) = 1; <STDIN>; print qq(lives\n)'" <>"$tap_dir/go" >"$tap_dir/half.$n" 2>/dev/null &
	halves+=($!)
done
is_one() { ! kill -0 "${halves[0]}" || ! kill -0 "${halves[1]}"; }
succeeds "two sessions' memory is one sum" wait_for 20 is_one
echo >"$tap_dir/go"
succeeds "of which one lives" wait_for 10 grep -qx lives "$tap_dir"/half.1 "$tap_dir"/half.2
end_clients "${halves[@]}"
is "and one alone" "$(cat "$tap_dir"/half.? | grep -cx lives)" 1
wait_for 10 no_containers

log_mark
cpu=$(on alice 'attempt cpu 2000')
number "half a CPU is what cpu.max gives (ms of 2000)" "$cpu" -le 1400
number "and no less" "$cpu" -ge 500
wait_for 10 no_containers
nothing_left "nothing is left"

POLICY_HOST='pids.max = 60' policy <<END
[slice pair]
memory.max = 48M
pids.max = 50
[group lab]
slice = pair
END
hold alice
slice=$(dirname "$(cgroup_of alice pids)")
like "a user of a slice is below it" "$slice" 'pair\.slice$'
is "the slice has its limit" "$(cat "$slice/pids.max")" 50
is "the sum of all has its limit" "$(cat "$(dirname "$slice")/pids.max")" 60
number "alice cannot fork past the slice" "$(on alice 'attempt fork 200')" -le 50
hold_bob=$(on bob "attempt fork 200; grep -c . /proc/self/cgroup" | head -1)
number "nor bob, who shares it" "$hold_bob" -le 50
is "carol has no part in it" "$(on carol 'attempt fork 55' | head -1; cgroup_of carol pids | grep -c pair)" "$(printf '%s\n0' "$(on carol 'attempt fork 55')")"
release
wait_for 10 no_containers
# Whatever the policy says: twenty busy processes of a user's have the share of another user's one; in sessions of
# their own, since the kernel's autogroups already share by these.
policy </dev/null
user_ticks() {
	local pid
	for pid in $(pgrep -u alice perl); do awk '{ print $14 }' "/proc/$pid/stat"; done 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }'
}
busy() { [ "$(pgrep -u alice -c perl)" = 20 ]; }
on alice 'for n in $(seq 20); do setsid taskset -c 0 perl -e "1 while 1" & done; wait' &
crowd=$!
wait_for 20 busy
# From when his begins: until he is logged in, the processor is theirs.
ticks=$(on bob "taskset -c 0 perl -e '\$| = 1; print qq(begun\n); 1 while (times)[0] < 1; print qq(done\n)'" |
	while read -r _; do user_ticks; done | paste -sd ' ')
number "twenty processes get what another user's one does, and not twenty times that (hundredths)" \
	"$((${ticks#* } - ${ticks% *}))" -le 800
ctrctl kill alice >/dev/null
wait "$crowd"
wait_for 10 no_containers
nothing_left "a slice is gone with its last user"

log_mark
if cgroup_is_v2; then
	policy <<-END
		[default]
		memory.max = 64M
		memory.high = 48M
		memory.swap.max = 0
		io.weight = 50
	END
	hold alice
	is "memory.high" "$(value alice memory memory.high)" 50331648
	is "memory.swap.max" "$(value alice memory memory.swap.max)" 0
	like "io.weight" "$(value alice io io.weight)" '50'
	release
else
	policy <<-END
		[default]
		memory.high = 48M
	END
	fails "memory.high, which cgroup v1 does not have, refuses the login" on alice true
	logged "and the log names it" 'memory\.high'
	skip "memory.high, memory.swap.max, io.weight on cgroup v2" "this machine has cgroup v1 controllers only: make test-vm"
fi
end_all
done_testing
