#!/bin/bash
# ctrctl: what an admin sees and does, and what it says when it cannot.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

snapshot_take
like "--help names the subcommands" "$(ctrctl --help 2>&1)" 'list'
succeeds "--help is no fault" ctrctl --help
for sub in list show explain plan check enter kill gc; do
	like "--help names $sub" "$(ctrctl --help 2>&1)" "\\b$sub\\b"
done
fails "no subcommand" ctrctl
fails "an unknown subcommand" ctrctl bogus
like "which it names" "$(ctrctl bogus 2>&1)" 'bogus'
is "list: none" "$(ctrctl list | grep -c alice)" 0
is "list --json: none" "$(ctrctl list --json)" "[]"
fails "show: no container" ctrctl show alice
fails "show: unknown user" ctrctl show nobody-here
like "which it names" "$(ctrctl show nobody-here 2>&1)" 'nobody-here'

hold alice
like "list" "$(ctrctl list)" 'alice'
like "show" "$(ctrctl show alice)" 'sshd'
succeeds "list --json is JSON" bash -c "ctrctl list --json | perl -MJSON::PP -e 'exit(decode_json(join \"\", <STDIN>)->[0]{user} ne \"alice\")'"
succeeds "show --json is JSON" bash -c "ctrctl show alice --json | perl -MJSON::PP -e 'exit(decode_json(join \"\", <STDIN>)->{user} ne \"alice\")'"
box=$(on alice 'readlink /proc/self/ns/pid')
is "enter: a command" "$(ctrctl enter alice -- readlink /proc/self/ns/pid)" "$box"
is "enter: as the user" "$(ctrctl enter alice -- id -un)" alice
ctrctl enter alice -- sh -c 'exit 9'
is "enter: its exit code" $? 9
like "enter: a shell" "$(echo 'echo in-$((1 + 1))' | timeout 20 ctrctl enter alice)" 'in-2'
fails "enter: no container is made for it" ctrctl enter bob -- true
is "nor left" "$(init_of bob)" ""
like "plan: lists steps" "$(ctrctl plan bob)" '#'
is "plan: does nothing" "$(init_of bob; find /run/pam_ctr -name 2002)" ""
like "explain: says where from" "$(ctrctl explain alice)" 'built in'
printf '[user alice]\npids.max = 77\n' >>/etc/pam_ctr.conf
line=$(wc -l </etc/pam_ctr.conf)
like "explain: file and line" "$(ctrctl explain alice)" "pids\\.max.*77.*/etc/pam_ctr\\.conf:$line"
unlike "explain: of another user" "$(ctrctl explain bob)" "pids\\.max.*77"
succeeds "explain: a service" ctrctl explain alice su-l
succeeds "check: fine" ctrctl check
printf '[default]\nmemory.max = 1G\ntmp_size = 2G\n' >/tmp/tmpfs.conf
like "check: a /tmp as large as the memory is told" "$(ctrctl check /tmp/tmpfs.conf 2>&1)" 'note: tmp_size is not below memory.max'
unlike "check: and only that" "$(ctrctl check /tmp/tmpfs.conf 2>&1)" 'note: (shm|runtime)_size'
printf '[host]\nexempt = @sudoo, root\n[default]\nhidden = /srv/nowhere, -/srv/maybe\nhome = template:/srv/none\n' >/tmp/tmpfs.conf
like "check: what is missing is told" "$(ctrctl check /tmp/tmpfs.conf 2>&1)" 'refused: hidden: /srv/nowhere does not exist'
unlike "check: but not what may be" "$(ctrctl check /tmp/tmpfs.conf 2>&1)" maybe
like "check: nor a template" "$(ctrctl check /tmp/tmpfs.conf 2>&1)" 'refused: home: /srv/none does not exist'
like "check: that nobody is exempt is told" "$(ctrctl check /tmp/tmpfs.conf 2>&1)" 'exempt names nobody'
is "check: of a policy that lacks nothing nothing is" "$(ctrctl check 2>&1)" "/etc/pam_ctr.conf: no faults"
rm /tmp/tmpfs.conf
cp /etc/pam_ctr.conf /tmp/copy.conf
chmod 644 /tmp/copy.conf
succeeds "check: a copy, without root" plain alice '/usr/sbin/ctrctl check /tmp/copy.conf'
printf 'bogus = 1\nother = 2\n' >>/tmp/copy.conf
like "check: all faults" "$(plain alice '/usr/sbin/ctrctl check /tmp/copy.conf' 2>&1)" "copy\\.conf:$((line + 1)): bogus: "
like "check: really all" "$(plain alice '/usr/sbin/ctrctl check /tmp/copy.conf' 2>&1)" "copy\\.conf:$((line + 2)): other: "
fails "check: by its exit code" ctrctl check /tmp/copy.conf
rm /tmp/copy.conf
for sub in "kill alice" "enter alice -- true" "gc"; do
	fails "$sub, by a user" plain bob "/usr/sbin/ctrctl $sub"
done
fails "kill, by root inside" nsenter -t "$(init_of alice)" -m -p -i -u /usr/sbin/ctrctl kill alice
succeeds "which did nothing" has_container alice
succeeds "gc leaves the living alone" ctrctl gc
is "the same container" "$(on alice 'readlink /proc/self/ns/pid')" "$box"
succeeds "kill" ctrctl kill alice
succeeds "is done when it returns" no_container alice
release
wait_for 10 no_containers
for _ in $(seq 10); do ctrctl kill alice >/dev/null 2>&1 & done
wait
succeeds "ten kills at once of nobody do no harm" on alice true
wait_for 10 no_containers
hold alice
for n in $(seq 20); do
	{
		ctrctl kill alice >"$tap_dir/kill.$n" 2>&1
		echo "status $?" >>"$tap_dir/kill.$n"
	} &
done
wait
is "twenty kills at once of one container: an answer for each" "$(cat "$tap_dir"/kill.* | grep -cE '^status [01]$')" 20
like "it is ended" "$(cat "$tap_dir"/kill.*)" '^alice: ended$'
succeeds "and nothing of it is left" no_container alice
release
left=0
for _ in $(seq 20); do
	hold bob
	ctrctl kill bob >/dev/null
	[ ! -e /run/pam_ctr/2002 ] || left=$((left + 1))
	release
done
is "20 kills: when they return nothing is left" "$left" 0
nothing_left "nothing is left"
done_testing
