#!/bin/bash
# ctrctl gc after crashes, and list and show of what they left; exit codes and JSON.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

# json EXPRESSION: of the value $_ on standard input, which must be all of it
# shellcheck disable=SC2016 # perl's variables
json() {
	perl -MJSON::PP -e '$_ = decode_json(join "", <STDIN>); my @got = eval $ARGV[0]; die $@ if $@; print "@got\n"' "$1"
}

# state USER, as list --json has it
state() {
	ctrctl list --json | json "map { \$_->{state} } grep { \$_->{user} eq '$1' } @\$_"
}

code() {
	local status=0
	"$@" >/dev/null 2>&1 || status=$?
	echo "$status"
}

snapshot_take
is "nothing to do" "$(ctrctl gc; echo $?)" 0
is "no container: show's exit code" "$(code ctrctl show alice)" 1
is "kill's" "$(code ctrctl kill alice)" 1
is "no such user" "$(code ctrctl show nobody-here)" 1
is "usage: nothing" "$(code ctrctl)" 2
is "usage: too much" "$(code ctrctl list alice)" 2
is "usage: an option of another command" "$(code ctrctl kill alice --nesting)" 2
for sub in list "show alice" "kill alice" "enter alice" gc; do
	is "$sub, by a user: exit code" "$(code plain bob "/usr/sbin/ctrctl $sub")" 3
done
is "explain, by a user" "$(code plain bob '/usr/sbin/ctrctl explain bob')" 0

hold alice
like "a full disk is told" "$(ctrctl list 2>&1 >/dev/full)" 'standard output'
is "and a failure" "$(ctrctl list 2>/dev/null >/dev/full; echo $?)" 4
is "alive" "$(state alice)" alive
like "list: with limits" "$(ctrctl list)" '^alice +2001 +alive +1 +[0-9]+/[0-9]+ '
is "list: not wider than the terminal" \
	"$(script -qec 'stty cols 40; ctrctl list' /dev/null </dev/null | tr -d '\r' | sed '1s/^^@//' | awk 'length > 40' | wc -l)" 0
like "show: by uid" "$(ctrctl show 2001)" '^user +alice '
# shellcheck disable=SC2016 # perl's variables
facts=$(ctrctl show alice --json | json '$_->{uid}, $_->{init}{alive}, $_->{supervisor}{alive}, scalar @{$_->{sessions}},
	$_->{sessions}[0]{service}, $_->{sessions}[0]{alive}, $_->{usage}{pids} > 0, scalar keys %{$_->{namespaces}},
	@{$_->{cgroups}} > 0')
is "show --json" "$facts" "2001 1 1 1 sshd 1 1 7 1"
is "show and list have one shape" \
	"$(ctrctl list --json | json 'sort keys %{$_->[0]}')" "$(ctrctl show alice --json | json 'sort keys %$_')"
isnt "which is not empty" "$(ctrctl show alice --json | json 'sort keys %$_')" ""
is "inside: told, not done" "$(code nsenter -t "$(init_of alice)" -m -p -i -u /usr/sbin/ctrctl list)" 3

box=$(container_of alice)
kill -KILL "$(supervisors)"
wait_for 5 sh -c '! pgrep -x supervisor'
is "supervisor killed: orphaned" "$(state alice)" orphaned
like "show says what to do" "$(ctrctl show alice)" 'orphaned .*ctrctl gc'
like "gc adopts" "$(ctrctl gc)" '^alice \(uid 2001\): adopted, sessions: 1$'
is "alive again" "$(state alice)" alive
is "the same container" "$(container_of alice)" "$box"

kill -KILL "$(supervisors)"
wait_for 5 sh -c '! pgrep -x supervisor'
kill -KILL "$(init_of alice)"
wait_for 5 sh -c '! pgrep -x pam_ctr-init'
is "init killed, too: dead" "$(state alice)" dead
like "gc removes" "$(ctrctl gc)" '^alice \(uid 2001\): removed, it was dead$'
is "no container" "$(code ctrctl show alice)" 1
release

(umask 077 && mkdir -p /run/pam_ctr/4711)
is "a directory that was left over" "$(ctrctl list | awk '$2 == 4711 { print $3 }')" no-record
succeeds "gc" ctrctl gc
is "removes it" "$(ls -A /run/pam_ctr)" ""
(umask 077 && mkdir -p /run/pam_ctr/4711)
echo garbage >/run/pam_ctr/4711/record
is "a broken record" "$(ctrctl list | awk '$2 == 4711 { print $3 }')" broken
succeeds "gc" ctrctl gc
is "removes it, too" "$(ls -A /run/pam_ctr)" ""

# Cgroups without a container, in every hierarchy that pam_ctr may use.
root=$(ls -d /sys/fs/cgroup/pids 2>/dev/null || echo /sys/fs/cgroup)
mkdir -p "$root/$WORLD_CGROUP/x.slice/4711/s1" "$root/$WORLD_CGROUP/4712" "$root/$WORLD_CGROUP/other"
hold alice
like "empty cgroups: gc names them" "$(ctrctl gc)" "/$WORLD_CGROUP/x.slice/4711: removed"
is "they are gone" "$(find /sys/fs/cgroup -path "*/$WORLD_CGROUP*/471*")" ""
succeeds "what is not ours stays" test -d "$root/$WORLD_CGROUP/other"
succeeds "the living stay" on alice true
rmdir "$root/$WORLD_CGROUP/other"
mkdir "$root/$WORLD_CGROUP/4713"
sleep 1000 &
sleeping=$!
echo $sleeping >"$root/$WORLD_CGROUP/4713/cgroup.procs"
is "one with a process: told by the exit code" "$(code ctrctl gc)" 1
like "and by name" "$(ctrctl gc 2>&1)" "/$WORLD_CGROUP/4713: has processes"
succeeds "it stays" test -d "$root/$WORLD_CGROUP/4713"
is "no lock is left of it" "$(ls /run/pam_ctr)" 2001
kill $sleeping
wait $sleeping 2>/dev/null
wait_for 5 ctrctl gc
is "empty now: gone" "$(find /sys/fs/cgroup -path "*/$WORLD_CGROUP/4713")" ""
release
wait_for 10 no_containers
nothing_left "nothing is left"
done_testing
