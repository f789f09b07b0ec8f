#!/bin/bash
# A login through sshd lands in the user's own container and is still the login it was:
# identity, environment, exit codes, quoting, input and output, a terminal.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

snapshot_take
log_mark

here=$(readlink /proc/self/ns/pid)
there=$(on alice 'readlink /proc/self/ns/pid')
like "a login has a PID namespace" "$there" '^pid:'
isnt "which is not the host's" "$there" "$here"
for namespace in mnt ipc uts cgroup; do
	isnt "own $namespace namespace" "$(on alice "readlink /proc/self/ns/$namespace")" \
		"$(readlink "/proc/self/ns/$namespace")"
done
is "the host's network namespace" "$(on alice 'readlink /proc/self/ns/net')" "$(readlink /proc/self/ns/net)"
is "the login without pam_ctr stays on the host" "$(plain alice 'readlink /proc/self/ns/pid')" "$here"

is "ids and groups" "$(on alice id)" "$(plain alice id)"
is "working directory" "$(on alice pwd)" /home/alice
is "HOME, USER, SHELL" "$(on alice 'echo $HOME $USER $SHELL')" "/home/alice alice /bin/bash"
is "the profile is read by a login shell" "$(on alice 'bash -lc "echo \$TEST_PROFILE"')" of-alice
is "umask" "$(on alice umask)" "$(plain alice umask)"
is "resource limits" "$(on alice 'ulimit -a')" "$(plain alice 'ulimit -a')"
is "no signal is blocked or ignored more than before" \
	"$(on alice 'grep ^Sig[BI] /proc/self/status')" "$(plain alice 'grep ^Sig[BI] /proc/self/status')"
is "only the three standard descriptors are open" "$(on alice 'exec ls /proc/self/fd' | tr '\n' ' ')" \
	"$(plain alice 'exec ls /proc/self/fd' | tr '\n' ' ')"
is "no capability is held" "$(on alice 'grep -E "^Cap(Eff|Prm|Inh|Amb)" /proc/self/status' | awk '{ print $2 }' | sort -u)" 0000000000000000

for code in 0 1 7 255; do
	on alice "exit $code"
	is "exit code $code" $? $code
done
on alice 'kill -9 $$'
is "death by a signal" $? "$(plain alice 'kill -9 $$'; echo $?)"
is "a && b" "$(on alice 'false && echo wrong; true && echo right')" right
is "quotes and dollars" "$(on alice "printf '%s|' 'a b' \"c  d\" '\$x' '*'")" 'a b|c  d|$x|*|'
is "standard error apart" "$(on alice 'echo out; echo err >&2' 2>/dev/null)" out
is "standard input" "$(echo through | timeout $((20 * patience)) ssh alice@world 'tr a-z A-Z')" THROUGH
sum=$(head -c 20000000 /dev/zero | tee >(md5sum >"$tap_dir/sum") | timeout $((60 * patience)) ssh alice@world md5sum)
wait_for 5 test -s "$tap_dir/sum"
is "20 MB through standard input arrive whole" "$sum" "$(cat "$tap_dir/sum")"

tty=$(on_tty alice 'tty; test -t 0 && test -t 1 && echo terminal; stty size; ps -o tty= -p $$; echo >/dev/tty reached')
like "a pseudo terminal has a name" "$tty" '^/dev/pts/[0-9]+$'
like "and is one" "$tty" '^terminal$'
like "stty works on it" "$tty" '^[0-9]+ [0-9]+$'
like "/dev/tty is it" "$tty" '^reached$'
is "its mode and owner" "$(on_tty alice 'stat -c "%U %G %a" $(tty)')" "alice tty 620"
job=$(expect -c 'log_user 1; set timeout 60; spawn -noecho ssh -tt alice@world
	expect "\\$ "; send "cat\r"; sleep 0.3; send "\003"; expect "\\$ "; send "echo signal-\$?\r"; expect "signal-130"
	send "sleep 60 &\r"; expect "\\$ "; send "jobs; kill %1; exit 9\r"; expect eof
	catch wait r; puts "status [lindex $r 3]"' 2>&1 | tr -d '\r')
like "Ctrl-C reaches the foreground job" "$job" 'signal-130'
like "job control works" "$job" 'Running +sleep 60'
like "the interactive shell's exit code comes back" "$job" '^status 9$'

is "root is never contained" "$(on root 'readlink /proc/self/ns/pid')" "$here"
is "nor is who is exempt" "$(on dora 'readlink /proc/self/ns/pid')" "$here"
# While alice's lives: the number of a namespace that is gone may be given out again.
hold alice
isnt "bob has a container of his own" "$(on bob 'readlink /proc/self/ns/pid')" \
	"$(on alice 'readlink /proc/self/ns/pid')"
release

logged "building a container is logged to authpriv" '^authpriv\.info .*pam_ctr.*container built: user=alice uid=2001 '
logged "a session's opening is logged" '^authpriv\.info .*pam_ctr.*session opened: user=alice .*service=sshd .*rhost=127\.0\.0\.1 '
logged "a session's end is logged" '^authpriv\.info .*pam_ctr.*session closed: user=alice '
wait_for 10 no_containers
logged "a container's end is logged" '^authpriv\.info .*pam_ctr.*container ended: user=alice .*cpu_ms=([0-9]+|unknown) memory_peak=[0-9]+'
unlike "nothing is logged as an error" "$(log_since | grep pam_ctr)" '^[a-z0-9]+\.(err|crit|alert|emerg) '
nothing_left "nothing is left of these logins"
done_testing
