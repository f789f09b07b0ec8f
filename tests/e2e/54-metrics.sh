#!/bin/bash
# ctrctl metrics: both texts by a strict parser, and each number against what was done.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
judge() { python3 "$WORLD_REPO/tests/lib/openmetrics.py" "$@"; }

# value SAMPLE: of what metrics says now, labels sorted; "" if it is not there
value() {
	ctrctl metrics | judge | grep -F -- "$1 " | sed 's/.* //'
}

counted() { # SAMPLE VALUE
	[ "$(value "$1")" = "$2" ]
}

# becomes NAME SAMPLE VALUE: what is counted is told a moment after the login has its answer
becomes() {
	if wait_for 10 counted "$2" "$3"; then ok "$1"; else fail "$1" "$2 is $(value "$2"), not $3"; fi
}

for bad in '' 'x 1' '# HELP x x
# TYPE x gauge
x 1' '# HELP x x
# TYPE x counter
x 1
# EOF' '# HELP x x
# TYPE x gauge
x{a="b",a="c"} 1
# EOF' '# HELP x x
# TYPE x gauge
x 1
x 2
# EOF'; do
	fails "the judge refuses: ${bad//$'\n'/ | }" judge <<<"$bad"
done
succeeds "before the first login" bash -c 'ctrctl metrics | python3 "$WORLD_REPO/tests/lib/openmetrics.py"'
is "there is no container" "$(value 'pam_ctr_containers{state="alive"}')" 0
like "the version" "$(ctrctl metrics)" '^pam_ctr_build_info\{version="[^"]+"\} 1$'
is "nothing is left of it" "$(ls -A /run/pam_ctr /run/pam_ctr.stats 2>/dev/null)" ""

policy <<-END
	[default]
	memory.max = 100M
	pids.max = 50
	cpu.max = 150%
	home = ephemeral
END
me='uid="2001",user="alice"'
hold alice
on alice true
becomes "a login that built the container" "pam_ctr_user_logins_total{container=\"built\",$me}" 1
becomes "one that joined it" "pam_ctr_user_logins_total{container=\"joined\",$me}" 1
becomes "what they waited" 'pam_ctr_login_duration_seconds_count{container="built",stage="module"}' 1
is "which the supervisor took, too" "$(value 'pam_ctr_login_duration_seconds_count{container="joined",stage="supervisor"}')" 1
like "is no whole minute" "$(value 'pam_ctr_login_duration_seconds_sum{container="joined",stage="module"}')" '^[0-9]?[0-9]\.[0-9]{6}$'
is "more than nothing" "$(value 'pam_ctr_login_duration_seconds_bucket{container="built",le="0.001",stage="module"}')" 0
for text in '' 'prometheus'; do
	succeeds "the text ${text:-openmetrics}" bash -c "ctrctl metrics ${text:+--textfile -} | python3 $WORLD_REPO/tests/lib/openmetrics.py $text"
done
is "one container" "$(value 'pam_ctr_containers{state="alive"}')" 1
wait_for 10 counted "pam_ctr_user_sessions{$me}" 1
is "one session" "$(value "pam_ctr_user_sessions{$me}")" 1
is "memory.max" "$(value "pam_ctr_user_memory_max_bytes{$me}")" 104857600
is "cpu.max" "$(value "pam_ctr_user_cpu_max_cores{$me}")" 1.500
number "tasks" "$(value "pam_ctr_user_tasks{$me}")" -ge 2
number "of at most" "$(value "pam_ctr_user_tasks_max{$me}")" -ge 50
number "memory" "$(value "pam_ctr_user_memory_bytes{$me}")" -gt 4096
number "since" "$(value "pam_ctr_user_container_start_time_seconds{$me}")" -ge $(($(date +%s) - 60))
is "the policy is valid" "$(value pam_ctr_policy_valid{})" 1
if cgroup_is_v2 && [ -e /proc/pressure/cpu ]; then
	like "pressure" "$(value "pam_ctr_user_pressure_stalled_seconds_total{resource=\"cpu\",stalled=\"some\",$me}")" '^[0-9]+\.[0-9]{6}$'
else
	is "no pressure where the kernel tells none" "$(ctrctl metrics | grep -c '^pam_ctr_user_pressure')" 0
fi

# What is counted goes on over the death of a supervisor, and over the container's end.
on alice 'perl -e "my \$x = q(x) x (300 << 20)"' >/dev/null 2>&1
becomes "a hog was killed" "pam_ctr_user_oom_kills_total{$me}" 1
on alice 'for i in $(seq 300000); do :; done'
cpu=$(value "pam_ctr_user_cpu_seconds_total{$me}")
if [ -n "$cpu" ] || cgroup_is_v2 || [ -e /sys/fs/cgroup/cpu/cpuacct.usage ]; then
	like "CPU time" "$cpu" '^[0-9]+\.[0-9]{6}$'
else
	skip "CPU time" "v1's cpuacct is mounted apart from cpu: nothing tells it"
fi
supervisor=$(ctrctl show alice --json | perl -MJSON::PP -e 'print decode_json(join "", <STDIN>)->{supervisor}{pid}')
kill -KILL "$supervisor"
wait_for 10 counted 'pam_ctr_containers{state="orphaned"}' 1
is "without its supervisor" "$(value 'pam_ctr_containers{state="orphaned"}')" 1
is "its logins are known" "$(value "pam_ctr_user_logins_total{container=\"joined\",$me}")" 3
ctrctl gc >/dev/null
on alice true
becomes "and counted on by the next" "pam_ctr_user_logins_total{container=\"joined\",$me}" 4
is "one built it" "$(value "pam_ctr_user_logins_total{container=\"built\",$me}")" 1
release
wait_for 10 no_containers
is "after the end: kills" "$(value "pam_ctr_user_oom_kills_total{$me}")" 1
after=$(value "pam_ctr_user_cpu_seconds_total{$me}")
if [ -n "$cpu" ]; then
	succeeds "CPU time did not fall ($cpu, $after)" awk "BEGIN { exit !($after >= $cpu && $after < $cpu + 60) }"
fi
is "no sessions are told of no container" "$(value "pam_ctr_user_sessions{$me}")" ""
on alice 'perl -e "my \$x = q(x) x (300 << 20)"' >/dev/null 2>&1
wait_for 10 no_containers
if [ -n "$cpu" ]; then
	succeeds "the next container is added" awk "BEGIN { exit !($(value "pam_ctr_user_cpu_seconds_total{$me}") > $after) }"
fi
becomes "its login, too" "pam_ctr_user_logins_total{container=\"built\",$me}" 2

becomes "its kill is added to the first's" "pam_ctr_user_oom_kills_total{$me}" 2

# Sums never fall, looked at while containers come and go.
sum=pam_ctr_user_cpu_seconds_total
[ -n "$cpu" ] || sum=pam_ctr_user_oom_kills_total
(for _ in $(seq 12); do on alice true; done) &
logins=$!
fell=no last=0
while kill -0 "$logins" 2>/dev/null; do
	now=$(value "$sum{$me}")
	awk "BEGIN { exit !(${now:-0} >= $last) }" || fell="$last, then ${now:-nothing}"
	last=${now:-0}
done
is "a sum did not fall meanwhile" "$fell" no

# Refusals, by what they were at.
on dora true
becomes "an exempt login" 'pam_ctr_user_logins_exempt_total{uid="2004",user="dora"}' 1
reason() { echo "pam_ctr_user_logins_refused_total{reason=\"$1\",uid=\"2002\",user=\"bob\"}"; }
policy <<<$'[default]\nseccomp = nonesuch'
on bob true >/dev/null 2>&1
becomes "no such filter" "$(reason filter)" 1
policy <<<$'[default]\nbogus = 1'
on bob true >/dev/null 2>&1
becomes "a faulty policy" "$(reason policy)" 1
is "which is told" "$(value pam_ctr_policy_valid{})" 0
policy <<<$'[default]\nhome = template:/nowhere/at/all'
on bob true >/dev/null 2>&1
becomes "a container that can't be built" "$(reason container)" 1
policy <<<''
mv /usr/libexec/pam_ctr/supervisor /usr/libexec/pam_ctr/supervisor.away
on bob true >/dev/null 2>&1
becomes "no supervisor: counted by the module" "$(reason unanswered)" 1
mv /usr/libexec/pam_ctr/supervisor.away /usr/libexec/pam_ctr/supervisor
on bob true
becomes "then one is let in" 'pam_ctr_user_logins_total{container="built",uid="2002",user="bob"}' 1
is "and not refused" "$(ctrctl metrics | grep -c '^pam_ctr_user_logins_refused_total{user="bob".*} 1$')" 4
fails "ctrctl enter of none" ctrctl enter bob -- true
is "is no login refused" "$(ctrctl metrics | grep -c '^pam_ctr_user_logins_refused_total{user="bob".*} 1$')" 4

# The collector's file.
mkdir /tmp/collector
chown 2003 /tmp/collector
succeeds "--textfile" ctrctl metrics --textfile /tmp/collector/pam_ctr.prom
is "can be read by others, not written" "$(stat -c '%a %U' /tmp/collector/pam_ctr.prom)" "644 root"
succeeds "is of the old format" judge prometheus </tmp/collector/pam_ctr.prom
is "has nothing beside it" "$(ls -A /tmp/collector)" pam_ctr.prom
echo keep >/tmp/target
chmod 600 /tmp/target
ln -sf /tmp/target /tmp/collector/pam_ctr.prom
succeeds "--textfile where its owner made a link" ctrctl metrics --textfile /tmp/collector/pam_ctr.prom
is "which is replaced, not followed" "$(cat /tmp/target; stat -c '%F' /tmp/collector/pam_ctr.prom)" "keep
regular file"
# A reader in a loop sees whole files only.
(while :; do judge prometheus </tmp/collector/pam_ctr.prom >/dev/null || echo torn >>/tmp/torn; done) 2>/dev/null &
reader=$!
for _ in $(seq 30); do ctrctl metrics --textfile /tmp/collector/pam_ctr.prom; done
kill "$reader"
wait "$reader" 2>/dev/null
is "no reader sees half of it" "$(cat /tmp/torn 2>/dev/null)" ""
fails "--textfile of a directory that is not there" ctrctl metrics --textfile /tmp/nowhere/x.prom
fails "--textfile of a directory" ctrctl metrics --textfile /tmp/collector/
if [ -e /dev/full ]; then
	fails "a full disk is a failure" bash -c 'ctrctl metrics >/dev/full'
fi
fails "by a user" plain bob '/usr/sbin/ctrctl metrics'
rm -r /tmp/collector /tmp/target
done_testing
