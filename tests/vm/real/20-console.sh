#!/bin/bash
# A login at the serial console: getty, login, Debian's own stack; typed by expect from outside.
# shellcheck source=guest.sh
. "$(dirname "$0")/guest.sh"

tty_owner() {
	host 'stat -c "%U:%G %a" /dev/ttyS0'
}

cat >"$tap_dir/console.exp" <<'END'
# console.exp TTY USER COMMAND: logs in at the prompt, runs COMMAND, says what came, logs out
lassign $argv tty user command
log_user 1
set timeout 120
set channel [open $tty r+]
fconfigure $channel -translation binary -blocking 0
spawn -noecho -open $channel
send "\r"
expect {
	-re {login: $} { }
	timeout { puts "\nNO PROMPT"; exit 1 }
}
send "$user\r"
expect -re {[Pp]assword: $}
send "$user\r"
expect {
	-re {[$#] $} { }
	"incorrect" { puts "\nREFUSED"; exit 2 }
	timeout { puts "\nNO SHELL"; exit 3 }
}
send "stty -echo; PS1=''; $command; echo the-end\r"
expect {
	-re {the-end\r?\n} { }
	timeout { puts "\nNO END"; exit 4 }
}
send "exit 0\r"
expect {
	-re {login: $} { puts "\nPROMPT AGAIN" }
	timeout { puts "\nNO PROMPT AFTER"; exit 5 }
}
END
console() { # USER COMMAND
	timeout -k 2 200 expect "$tap_dir/console.exp" "$VM_TTY" "$@" 2>&1 | tr -d '\r'
}

no_containers
snapshot_take
owner=$(tty_owner)
for profile in shared sealed machine; do
	policy_of "profile = $profile" 'pids.max = 90'
	out=$(console alice 'echo; tty; id -un; readlink /proc/self/ns/pid; stat -c "of %U" $(tty); stty size >/dev/null && echo stty-works; echo typed >/dev/tty; cat /sys/fs/cgroup/pids.max')
	contained "$profile" "$out"
	like "$profile: the terminal has its own name" "$out" '^/dev/ttyS0$'
	like "$profile: and is alice's" "$out" '^of alice$'
	like "$profile: stty works on it" "$out" '^stty-works$'
	like "$profile: /dev/tty is it" "$out" '^typed$'
	like "$profile: limited" "$out" '^122$'
	like "$profile: after the logout there is a prompt" "$out" '^PROMPT AGAIN$'
	is "$profile: the terminal is the host's again" "$(tty_owner)" "$owner"
	no_containers
done
policy_of 'profile = sealed'
# Who and last of the host: while somebody is in, and afterwards.
console alice 'sleep 5; echo $USER' >"$tap_dir/who" &
if host_waits 60 'who | grep -q "^alice *ttyS0"'; then ok "who shows it"; else fail "who shows it" "$(host who)" "$(cat "$tap_dir/who")"; fi
wait
is "and no more after the logout" "$(host 'who | grep -c ttyS0')" 0
like "last knows both times" "$(host 'last -w')" '^alice +ttyS0 .* - '
out=$(console root 'echo; readlink /proc/self/ns/pid')
like "root at the console is not contained" "$out" "^${host_pid_namespace//[\[\]]/.}$"
out=$(console dora 'echo; readlink /proc/self/ns/pid')
like "nor is who is exempt" "$out" "^${host_pid_namespace//[\[\]]/.}$"
no_containers
nothing_left "nothing is left"
done_testing
