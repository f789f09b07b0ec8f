#!/bin/bash
# ctrctl set and reload: limits of containers that live, and what of a changed policy they take.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

# show USER FIELD: what the kernel has, as ctrctl tells it
show() {
	ctrctl show "$1" --json | perl -MJSON::PP -e 'print decode_json(join "", <STDIN>)->{usage}{$ARGV[0]}' "$2"
}

# hog MEGABYTES: in alice's container; tells its exit status
hog() {
	ctrctl enter alice -- perl -e 'my $x = "x" x ($ARGV[0] << 20); sleep($ARGV[1] // 0)' "$@"
}

policy <<END
[default]
home = host
grace = 1
memory.max = 512M
pids.max = 200
END
snapshot_take
for command in "set alice memory.max=64M" "set alice memory.max=64M --keep" reload "reload alice"; do
	fails "$command, by a user" plain bob "/usr/sbin/ctrctl $command"
done
ctrctl set alice memory.max=64M 2>/dev/null
is "set: no container" $? 1
is "reload: no containers, nothing said" "$(ctrctl reload)" ""
ctrctl reload alice 2>/dev/null
is "reload: one that is not there" $? 1

hold alice
on alice 'nohup sleep 600 >/dev/null 2>&1 </dev/null &'
# what is refused changes nothing
while IFS='|' read -r setting reason; do
	ctrctl set alice "$setting" pids.max=50 >/tmp/out 2>&1
	status=$?
	isnt "set: refused: $setting" $status 0
	like "and why" "$(cat /tmp/out)" "$reason"
done <<'END'
memory.max=banana|not an amount of memory
memory.max=1|less than 64K
memory.mx=1G|there is no such key
home=host|mounts are made
hostname=x|when the container is built
umask=077|each login takes it
seccomp=strict|next login
slice=none|stays in the cgroup
cgroup=x|stays in the cgroup
exempt=alice|each login
cpuset.cpus=9999|CPU
cpu.max=7 parsecs|not a CPU time
memory.max|is not KEY=VALUE
=1|is not KEY=VALUE
END
rm -f /tmp/out
is "and changes nothing" "$(show alice pids_max)" 232

# at once, in a session that is open
is "a hog of 300M lives under 512M" "$(hog 300 >/dev/null 2>&1; echo $?)" 0
log_mark
is "set memory.max" "$(ctrctl set alice memory.max=128M)" "alice: memory.max = 134217728 (was 536870912)"
is "the kernel has it" "$(show alice memory_max)" 134217728
is "a hog of 300M dies under 128M" "$(hog 300 >/dev/null 2>&1; echo $?)" 137
logged "by whom" 'container changed: user=alice uid=2001 section=user key=memory.max before="536870912" after="134217728"'
is "set: the same again" "$(ctrctl set alice memory.max=128M)" "alice: has that already"
is "set: several, as JSON" "$(ctrctl set alice memory.max=256M pids.max=60 --json |
	perl -MJSON::PP -e '$j = decode_json(join "", <STDIN>); print join " ", map { "$_->{when}:$_->{key}:$_->{after}" } @{$j->{changes}}')" \
	"now:memory.max:268435456 now:pids.max:60"
is "pids.max: of the container" "$(show alice pids_max)" 92
is "pids.max: of the leaf that is open" "$(cat "$(cgroup_of alice pids)"/s1/pids.max)" 60
like "pids.max: of the next" "$(on alice 'for i in $(seq 80); do sleep 5 & done; wait' 2>&1)" 'Resource temporarily unavailable|retry'
cpus=$(nproc)
if [ "$cpus" -gt 1 ]; then
	is "before: all CPUs" "$(on alice nproc)" "$cpus"
	succeeds "set cpu.max" ctrctl set alice cpu.max=50%
	is "nproc follows" "$(on alice nproc)" 1
	like "so it does for who runs already" "$(ctrctl enter alice -- sh -c 'taskset -cp $(pgrep -o sleep)')" 'list: [0-9]$'
	is "set cpu.max: taken back" "$(ctrctl set alice cpu.max=)" "alice: cpu.max = none (was 50000 100000)"
	is "nproc, too" "$(on alice nproc)" "$cpus"
	succeeds "set cpu_view" ctrctl set alice cpu.max=50% cpu_view=machine
	is "the whole machine shows" "$(on alice nproc)" "$cpus"
	is "show tells what is set" "$(ctrctl show alice | grep -c 'cpu_view=machine$')" 1
	succeeds "both taken back" ctrctl set alice cpu.max= cpu_view=
else
	skip "cpu.max and nproc" "one CPU"
fi
succeeds "set cpu.weight" ctrctl set alice cpu.weight=50
is "the kernel has it" "$(show alice cpu_weight)" 50
is "the open session is in it" "$(on alice 'pgrep -o sleep >/dev/null && echo there')" there
succeeds "set logout and grace" ctrctl set alice logout=kill grace=7
like "show has them" "$(ctrctl show alice)" '^logout +kill, grace 7s'
succeeds "taken back" ctrctl set alice logout= grace=
like "show has the policy's" "$(ctrctl show alice)" '^logout +keep, grace 1s'

# concurrent sets: each is whole
setters=()
for i in $(seq 8); do
	ctrctl set alice memory.max=$((100 + i))M pids.max=$((50 + i)) >/dev/null &
	setters+=($!)
done
wait "${setters[@]}"
memory=$(($(show alice memory_max) / 1048576 - 100)) tasks=$(($(show alice pids_max) - 50 - 32))
is "eight sets at once: one of them is what is there" "$memory" "$tasks"

# lowered below what is used
hog 90 20 >/dev/null 2>&1 &
hog=$!
used() { [ "$(show alice memory)" -gt $((90 << 20)) ]; }
wait_for 10 used
lowered=$(ctrctl set alice memory.max=32M 2>&1)
status=$?
if cgroup_is_v2; then
	is "memory.max below what is used" $status 0
	like "told is what the kernel did" "$lowered" 'were in use: the kernel reclaimed'
	wait "$hog"
	is "the hog is gone" $? 137
else
	is "memory.max below what is used: refused on v1" $status 1
	like "with the reason" "$lowered" 'more than that is in use'
	isnt "and nothing is changed" "$(show alice memory_max)" 33554432
	wait "$hog"
	is "the hog lives" $? 0
fi

# the supervisor dies
succeeds "set" ctrctl set alice memory.max=200M pids.max=77
kill -KILL "$(supervisors)"
wait_for 5 test -z "$(supervisors)"
is "after its supervisor's death" "$(ctrctl set alice pids.max=78)" "alice: pids.max = 78 (was 77)"
is "memory.max is what was set" "$(show alice memory_max)" 209715200
is "and can be taken back to the policy's" "$(ctrctl set alice memory.max= pids.max=)" \
	"alice: memory.max = 536870912 (was 209715200)
alice: pids.max = 200 (was 78)"
setters=()
for i in $(seq 6); do
	ctrctl set alice pids.max=$((80 + i)) >/dev/null 2>&1 &
	setters+=($!)
done
kill -KILL "$(supervisors)" 2>/dev/null
wait "${setters[@]}"
like "killed amid sets: one of them is there" "$(show alice pids_max)" '^(11[3-8])$'
succeeds "and the next is taken" ctrctl set alice pids.max=100

# it dies in the midst of a change: what that leads to is beside the record, and is taken back
place=$(ctrctl show alice --json | grep -o '"/[^"]*"' | tr -d '"' | while read -r place; do [ ! -e "$place/pids.max" ] || echo "$place"; done)
leaves() { find "$place" -mindepth 2 -name pids.max -exec cat {} + | sort -u; }
was=$(cat "$place/pids.max") was_leaves=$(leaves)
kill -KILL "$(supervisors)"
wait_for 5 test -z "$(supervisors)"
sed 's/^pids.max = .*/pids.max = 90/' /run/pam_ctr/2001/policy >/run/pam_ctr/2001/change
find "$place" -name pids.max -exec sh -c 'echo 90 >"$1"' sh {} \;
ctrctl gc >/dev/null
is "killed in the midst of a change: the kernel has what was before" "$(cat "$place/pids.max")" "$was"
is "the sessions, too" "$(leaves)" "$was_leaves"
succeeds "and nothing of it is left" test ! -e /run/pam_ctr/2001/change

# what a supervisor leaves that dies before it has a record
mkdir -m 700 /run/pam_ctr/2003
echo '[default]' >/run/pam_ctr/2003/policy
ctrctl gc >/dev/null 2>&1
succeeds "gc: a policy without a record goes" wait_for 5 test ! -e /run/pam_ctr/2003

# reload
sed -i 's/^pids.max = .*/pids.max = 150/; s/^memory.max = .*/memory.max = 300M/; s/^grace = .*/grace = 2/' /etc/pam_ctr.conf
printf 'umask = 077\ntmp_size = 64M\n' >>/etc/pam_ctr.conf
before=$(show alice memory_max)
dry=$(ctrctl reload alice --dry-run)
is "reload --dry-run changes nothing" "$(show alice memory_max)" "$before"
like "but tells" "$dry" '^alice: memory.max = 314572800 \(is 536870912\)$'
reloaded=$(ctrctl reload)
like "reload: what can be" "$reloaded" '^alice: memory.max = 314572800 \(was 536870912\)$'
is "is in the kernel" "$(show alice memory_max)" 314572800
like "reload: grace" "$(ctrctl show alice)" 'grace 2s'
like "reload: what the next login has" "$reloaded" '^alice: umask = 077 \(is none\): at the next login: '
is "which has it" "$(on alice umask)" 0077
like "reload: what needs a new container" "$reloaded" '^alice: tmp_size = 67108864 \(is [0-9]+\): needs a new container: '
like "reload: what was set stays" "$reloaded" '^alice: pids.max is set to 100 and stays so; the policy has 150$'
is "in the kernel, too" "$(show alice pids_max)" 132
again=$(ctrctl reload alice)
unlike "reload: twice is once" "$again" 'memory.max'
like "but for what still needs a new container" "$again" 'tmp_size'
is "taken back it is the new policy's" "$(ctrctl set alice pids.max=)" "alice: pids.max = 150 (was 100)"
is "reload: as JSON" "$(ctrctl reload alice --json | perl -MJSON::PP -e 'print map { "$_->{when} $_->{key}" } grep { $_->{key} eq "tmp_size" } @{decode_json(join "", <STDIN>)->[0]{changes}}')" "new tmp_size"
POLICY_HOST='memory.max = 1000M' policy <<END
[default]
home = host
tmp_size = 64M
memory.max = 300M
pids.max = 150
grace = 2
umask = 077
END
like "reload: the host's limits" "$(ctrctl reload alice)" "^alice: host's memory.max = 1048576000 "
above=$(dirname "$(cgroup_of alice memory)")
is "in the kernel" "$(cat "$above"/memory.limit_in_bytes "$above"/memory.max 2>/dev/null)" 1048576000
echo 'bogus = 1' >>/etc/pam_ctr.conf
ctrctl reload alice >/tmp/out 2>&1
is "reload: a faulty policy is refused" $? 1
like "with the line" "$(cat /tmp/out)" 'pam_ctr.conf:[0-9]+: bogus'
rm /tmp/out
sed -i '/^bogus/d' /etc/pam_ctr.conf
ctrctl kill alice >/dev/null
release
wait_for 10 no_containers
is "what was set is gone with the container" "$(on alice 'cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null' | head -1)" 182
wait_for 10 no_containers

# --keep
drop_in=/etc/pam_ctr.conf.d/set-alice.conf
is "set --keep: without a container" "$(ctrctl set alice pids.max=90 --keep)" "alice: kept in $drop_in"
like "is in the policy" "$(ctrctl explain alice)" "^pids.max = 90 .*$drop_in"
hold alice
is "the next container has it" "$(show alice pids_max)" 122
is "set --keep: with one" "$(ctrctl set alice pids.max=91 cpu.weight=60 --keep)" \
	"alice: cpu.weight = 60 (was none)
alice: pids.max = 91 (was 90)
alice: kept in $drop_in"
is "the file has each key once" "$(grep -c . $drop_in)-$(grep -c '^pids.max = 91$' $drop_in)" 4-1
is "reload: nothing to do" "$(ctrctl reload alice)" "alice: is as the policy says"
is "mode and owner" "$(stat -c %a-%u $drop_in)" 644-0
like "set --keep: KEY=" "$(ctrctl set alice pids.max= --keep 2>&1)" 'needs a value'
# an admin's own section, and one that would win
printf '[user bob]\nmemory.max = 1G\n' >>/etc/pam_ctr.conf
like "set --keep: where the section is elsewhere" "$(ctrctl set bob pids.max=50 --keep 2>&1)" 'set-bob.conf:2: \[user bob\]: is there already, at /etc/pam_ctr.conf:[0-9]+'
succeeds "nothing was written" test ! -e /etc/pam_ctr.conf.d/set-bob.conf
printf '[service sshd]\npids.max = 99\n' >>/etc/pam_ctr.conf
like "set --keep: where another line wins" "$(ctrctl set alice pids.max=92 --keep 2>&1)" '/etc/pam_ctr.conf:[0-9]+ sets pids.max for logins through sshd and would win'
is "which left the file alone" "$(grep -c '^pids.max = 91$' $drop_in)" 1
is "and the container" "$(show alice pids_max)" 123
sed -i '/^\[service sshd\]/,$d' /etc/pam_ctr.conf
# a kill at any moment leaves the old file or the new one
good=yes
for i in $(seq 40); do
	ctrctl set alice pids.max=$((100 + i)) --keep >/dev/null 2>&1 &
	keeper=$!
	sleep "0.0$((i % 10))$((i % 7))"
	kill -KILL $keeper 2>/dev/null
	wait $keeper 2>/dev/null
	[ "$(grep -c . $drop_in)" = 4 ] && ctrctl check >/dev/null 2>&1 || good=$i
done
is "kill -9 of set --keep: the file is whole" "$good" yes
setters=()
for i in $(seq 6); do
	ctrctl set alice pids.max=$((60 + i)) --keep >/dev/null &
	setters+=($!)
done
wait "${setters[@]}"
kept=$(sed -n 's/^pids.max = //p' $drop_in)
is "six at once: file and container say the same" "$((kept + 32))" "$(show alice pids_max)"
succeeds "and the policy is right" ctrctl check
# Whoever is stopped holds the lock for good: others have an answer.
exec {lock}</etc/pam_ctr.conf.d
flock --exclusive $lock
words=$(timeout $((30 * patience)) ctrctl set alice pids.max=67 --keep 2>&1)
is "set --keep: while another stands still: exit code" $? 4
like "which is told" "$words" 'lock /etc/pam_ctr.conf.d: another ctrctl holds it; is it stopped'
exec {lock}<&-
is "then it goes on" "$(ctrctl set alice pids.max=67 --keep | tail -n 1)" "alice: kept in $drop_in"
release
rm -f $drop_in /etc/pam_ctr.conf.d/.ctrctl-set.new
end_all
nothing_left "nothing is left"
done_testing
