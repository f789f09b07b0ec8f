#!/bin/bash
# Profile sealed, where it differs: whose ids there are, what the PAM caller still is, and that a
# login works all the same.  The other scripts, run with WORLD_PROFILE=sealed, show the rest.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

base=200100000 # alice's first subordinate id
host=$(readlink /proc/self/ns/user)
rm /etc/pam_ctr.conf.d/00-profile.conf
policy </dev/null
mkfifo "$tap_dir/quiet"
# Owned by others, closed to all others: what a sealed login shows as on the host.
mkdir -p /etc/owners /srv/lab /srv/closed
for owner in root:root bob:bob daemon:mail nobody:nogroup alice:lab; do
	echo text >"/etc/owners/$owner"
	chown "$owner" "/etc/owners/$owner"
done
install -m 600 /dev/null /srv/closed/root
snapshot_take

# The pids of what opened alice's sessions, as the host numbers them.
callers() {
	ctrctl show alice | sed -n 's/^  s[0-9]* .* pid=\([0-9]*\) .*/\1/p'
}

# What a caller holds of the host: nothing but alice's subordinate ids, powers over her namespace.
caller_is_nobody() { # NAME PID
	local status
	status=$(cat "/proc/$2/status")
	is "$1: the caller has no uid of the host's" "$(awk '/^Uid:/ { print $2, $3, $4, $5 }' <<<"$status")" "$base $base $base $base"
	is "$1: nor a group that is not alice's" "$(awk '/^(Gid|Groups):/ { for (i = 2; i <= NF; i++) print $i }' <<<"$status" |
		grep -vxE "2001|2100|2101|5|$base" | tr '\n' ' ')" ""
	isnt "$1: its user namespace is not the host's" "$(readlink "/proc/$2/ns/user")" "$host"
	# sudo keeps its sudoers open, to read.
	is "$1: it holds no directory, nor a file of the host's to write" "$(writable_of "$2")" ""
}

writable_of() { # PID
	local fd
	for fd in "/proc/$1/fd"/*; do
		if [ -d "$fd" ] || { [ -f "$fd" ] && grep -q '^flags:.*[12]$' "/proc/$1/fdinfo/${fd##*/}"; }; then readlink "$fd"; fi
	done
}

# --- it is the default ---------------------------------------------------------------------------

like "explain: it is the default" "$(ctrctl explain alice)" '^ *profile *= *sealed'
like "plan: a user namespace, and whose ids there are" "$(ctrctl plan alice)" "^clone +user-namespace.*2001 2001 1.*owner=$base:$base"
like "plan: the host's root, read-only" "$(ctrctl plan alice)" '^inside +root +/ root=read-only .*nosuid'
like "plan: the host's tree goes" "$(ctrctl plan alice)" '^inside +pivot'

# --- ids -----------------------------------------------------------------------------------------

hold alice
is "the user is the user, with all groups" "$(on alice 'id -u; id -g; id -G')" "$(plain alice 'id -u; id -g; id -G')"
for kind in uid gid; do
	is "${kind}s: all of 0 to 65535 exist" "$(on alice "cat /proc/self/${kind}_map" |
		sort -n | awk '$1 > next_id { print "gap before", $1 } { next_id = $1 + $3 } END { print next_id }')" 65536
	is "${kind}s: none of the host's but the user's own" "$(on alice "cat /proc/self/${kind}_map" |
		awk -v base=$base '$2 < base { for (i = 0; i < $3; i++) print $2 + i }' | sort -n | tr '\n' ' ')" \
		"$([ $kind = uid ] && echo '2001 ' || echo '5 2001 2100 2101 ')"
done
is "owners show as on the host" "$(on alice 'stat -c "%U:%G %u:%g" /etc/owners/*')" "$(stat -c '%U:%G %u:%g' /etc/owners/*)"
# The repository is left out, too: the tests that run beside this one write their logs there.
owners() { # SSH-FUNCTION: each file's, as alice sees it, but for what is mounted over in a container
	"$1" alice "for at in / /etc /usr/sbin /usr/libexec /srv /home /var; do
			LC_ALL=C find \$at -xdev -path '/run*' -prune -o -path '/tmp*' -prune -o -path '/home/*/*' -prune -o \
				-path '/dev*' -prune -o -path '/var/log/*' -prune -o -path '/var/tmp*' -prune -o \
				-path '/var/lib/pam_ctr*' -prune -o -path '$WORLD_REPO' -prune -o ! -path /proc ! -path /sys -printf '%u %g %m %p\n' 2>/dev/null
		done" | LC_ALL=C sort -u
}
LIMIT=100 owners plain >"$tap_dir/owners.host"
LIMIT=100 owners on >"$tap_dir/owners.inside"
number "so does every file of the root file system" "$(wc -l <"$tap_dir/owners.inside")" -gt 1000
is "each with the same owner and mode" "$(diff "$tap_dir/owners.host" "$tap_dir/owners.inside" | grep '^[<>]' | head -20)" ""
is "the overflow id owns nothing but the kernel's file systems, and the log's socket" \
	"$(on alice 'find / -xdev -uid 65534 ! -path "/etc/owners/*" 2>/dev/null; find /dev /run /tmp /home /srv /etc -uid 65534 ! -path "/etc/owners/*" 2>/dev/null' |
		sort | tr '\n' ' ')" "/dev/log /dev/pts /dev/pts/ptmx /proc /sys "
is "a file that is made belongs to the user, outside too" \
	"$(on alice 'touch ~/mine; stat -c %U:%G ~/mine'; stat -c %u:%g /var/lib/pam_ctr/2001/home/upper/mine)" "alice:alice
2001:2001"
is "a group of the user's can be given" "$(on alice 'touch ~/ours && chgrp lab ~/ours && stat -c %G ~/ours')" lab
fails "but no other" on alice 'touch ~/ours && chgrp mail ~/ours'

# --- the caller ------------------------------------------------------------------------------------

one_caller() {
	[ "$(callers | wc -l)" = 1 ]
}
wait_for 10 one_caller
monitor=$(callers)
caller_is_nobody sshd "$monitor"
is "sshd: nor is there a process of root's, but for PID 1" "$(on alice 'ps -eo pid=,uid=' | awk '$2 != 2001 && $1 != 1')" ""
is "PID 1 keeps to one capability, out of reach" "$(awk '/^Cap(Prm|Eff)/ { print $2 }' "/proc/$(init_of alice)/status" | sort -u)" \
	0000000000000020
namespace=$(readlink "/proc/$monitor/ns/user")
is "a second session is in the same one" "$(on alice 'readlink /proc/self/ns/user')" "$namespace"
is "so is ctrctl enter" "$(ctrctl enter alice -- sh -c 'readlink /proc/self/ns/user; id -un')" "$namespace
alice"
like "a terminal of ssh's is the user's, and tty's" "$(on_tty alice 'stat -c "%U:%G %a %n" $(tty)')" '^alice:tty 6[02]0 /dev/pts/'

# su, sudo, cron, at: what the program is while its user's command runs.
during() { # NAME COMMAND...: COMMAND runs until the end of file
	local before pid
	wait_for 10 one_caller
	before=$(callers)
	rm -f "$tap_dir/during"
	"${@:2}" <>"$tap_dir/quiet" > >(exec cat >"$tap_dir/during") 2>&1 &
	wait_for 20 grep -q inside "$tap_dir/during"
	like "$1: works" "$(cat "$tap_dir/during")" "^inside 2001 2001 2100 2101 $(tr -d '[]' <<<"${namespace}" | sed 's/:/:./')"
	pid=$(callers | grep -vxF "$before")
	caller_is_nobody "$1" "${pid:-0}"
	wait_for 10 pkill -u alice -x sleep
	wait "$!" 2>/dev/null
}
say='echo inside $(id -u) $(id -G) $(readlink /proc/self/ns/user); exec sleep 100'
during su su alice -c "$say"
during "su -" su - alice -c "$say"
during "sudo -u" sudo -u alice sh -c "$say"
for service in cron atd; do
	during "$service" pam_caller --service "$service" --calls open,fork,close -- sh -c "$say"
done
release
wait_for 10 no_containers

# --- login's terminal is lent, and given back -----------------------------------------------------

cat >"$tap_dir/login" <<'END'
	trap '' HUP # login hangs its terminal up
	stat -c %U:%G:%a "$(tty)" >"$1.before"
	setsid -c -w login -f alice
	# By the supervisor, once it sees the end of the session.
	timeout 10 sh -c 'until [ "$(stat -c %U "$1")" = root ]; do :; done' sh "$2"
	stat -c %U:%G:%a "$2" >"$1.after"
END
cat >"$tap_dir/login.exp" <<'END'
	set timeout 60
	spawn -noecho sh -c {sh $TAP/login $TAP/tty $(tty)}
	expect -re {\$ $} { send "stat -c was=%U:%G:%a \$(tty); echo t >/dev/tty; readlink /proc/self/ns/user; exit\r" }
	expect eof
END
out=$(TAP=$tap_dir LIMIT=40 limited expect "$tap_dir/login.exp" 2>&1 | tr -d '\r')
like "login: the terminal is the user's" "$out" '^was=alice:tty:6[02]0'
like "login: in a user namespace" "$out" '^user:'
unlike "login: not the host's" "$out" "$(tr -d '[]' <<<"${host#user:}")"
wait_for 10 test -s "$tap_dir/tty.after"
wait_for 10 no_containers
is "login: the terminal is given back as it was" "$(cat "$tap_dir/tty.after")" "$(cat "$tap_dir/tty.before")"

# --- setuid programs say no, clearly ----------------------------------------------------------------

like "sudo says why not" "$(on alice 'sudo -n id' 2>&1)" '"no new privileges" flag is set'
like "su says no, the right password or not" "$(on alice 'echo bob | su bob -c id' 2>&1)" 'su: (Authentication|.*not)'
like "passwd changes nothing, and says so" "$(on alice "printf 'alice\nNew-2-pass\nNew-2-pass\n' | passwd" 2>&1)" 'passwd: password unchanged|manipulation error'
like "crontab, setgid, too" "$(on alice 'crontab -l' 2>&1)" 'Permission denied|not allowed|no crontab'
cp /usr/bin/id /srv/setuid
chmod 6755 /srv/setuid
is "a setuid program runs as who called it" "$(on alice '/srv/setuid -u; /srv/setuid -g')" "2001
2001"
is "one of the user's own, too" "$(on alice 'cp /usr/bin/id /tmp/x && chmod 6755 /tmp/x && /tmp/x -u')" 2001
like "a user namespace is refused" "$(on alice 'unshare -U true' 2>&1)" 'unshare failed: Operation not permitted'
wait_for 10 no_containers
rm /srv/setuid

# --- what a lab does ------------------------------------------------------------------------------------

hold alice
tool() { # NAME PROGRAM COMMAND WANTED
	if command -v "$2" >/dev/null; then is "$1" "$(on alice "$3" 2>&1)" "$4"; else missing "$1" "$2"; fi
}
tool "gcc builds, and what it built runs" gcc 'cd /tmp && echo "int main(void) { return 0; }" >x.c && gcc -o x x.c && ./x && echo built' built
tool "gdb sees a process of one's own" gdb 'sleep 100 & gdb -batch -p $! -ex "info inferiors" 2>/dev/null | grep -c ^..1.*process; kill $!' 1
tool "strace attaches to one" strace 'mkfifo /tmp/go; cat /tmp/go >/dev/null & traced=$!
	strace -qq -o /tmp/trace -p $traced & until grep -q "^TracerPid:.[1-9]" /proc/$traced/status; do :; done
	echo >/tmp/go; wait; grep -c exit_group /tmp/trace; rm /tmp/go' 1
tool "python has its modules" python3 'python3 -c "import os, pwd; print(pwd.getpwuid(os.getuid()).pw_name)"' alice
tool "git commits" git 'cd && git init -q r && cd r && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m one && git log --format=%s' one
if command -v tmux >/dev/null; then
	on_tty alice 'tmux new-session -d "readlink /proc/self/ns/user >/tmp/of-tmux; exec sleep 600"' >/dev/null
	release
	is "tmux outlives the login" "$(on alice 'cat /tmp/of-tmux; tmux list-sessions | grep -c windows')" "$(on alice 'readlink /proc/self/ns/user')
1"
	on alice 'tmux kill-server'
else
	release
	missing "tmux outlives the login" tmux
fi
wait_for 10 no_containers
nothing_left "nothing is left"

# --- what can be written, and seen ------------------------------------------------------------------

mkdir -p /srv/{scratch,ro/rw,from,to,secret} /run/service /run/other
chmod 1777 /srv/{scratch,ro/rw,from}
echo shown >/run/service/file
echo hidden >/srv/secret/file
policy <<END
[default]
writable = /srv/scratch, /srv/ro/rw
read_only = /srv/ro
bind = /srv/from:/srv/to
hidden = /srv/secret
run = service
END
on alice 'for d in scratch ro/rw to; do echo by-alice >/srv/$d/file; done'
is "writable, below read_only too, and bind reach the host's disk, as the user" \
	"$(stat -c '%u:%g %n' /srv/{scratch,ro/rw,from}/file)" "2001:2001 /srv/scratch/file
2001:2001 /srv/ro/rw/file
2001:2001 /srv/from/file"
is "all else is read-only, whatever its mode" "$(on alice 'for d in from ro .; do touch /srv/$d/x 2>&1; done' | grep -c 'Read-only file system')" 3
is "hidden is empty" "$(on alice 'ls -A /srv/secret')" ""
is "of /run there is what run names" "$(on alice 'cat /run/service/file; ls -d /run/other 2>/dev/null')" shown
is "a setuid program put there has no power outside" "$(on alice 'cp /usr/bin/id /srv/scratch/id && chmod 4755 /srv/scratch/id'
	stat -c %U /srv/scratch/id)" alice
wait_for 10 no_containers
rm -rf /srv/{scratch,ro,from,to,secret} /run/service /run/other

# --- a network of one's own ----------------------------------------------------------------------------

policy <<END
[default]
network = private
END
net serve 4100 outside &
outside=$!
wait_for 10 bash -c ': </dev/tcp/127.0.0.1/4100'
hold alice
is "network = private: nothing but a loopback, which is up" \
	"$(on alice "sed '1,2d;s/:.*//;s/ //g' /proc/net/dev | tr '\n' ' '; cat /proc/net/if_inet6 /proc/net/fib_trie 2>/dev/null | grep -c '127.0.0.1' | sed 's/^[1-9].*/up/'")" \
	"lo up"
fails "the host's services on localhost are not reached" on alice ': </dev/tcp/127.0.0.1/4100'
on alice 'net serve 4100 inside >/dev/null 2>&1 & exec 2>/dev/null; until : </dev/tcp/127.0.0.1/4100; do :; done'
is "one's own are" "$(on alice 'head -1 </dev/tcp/127.0.0.1/4100')" inside
is "and not from the host" "$(head -1 </dev/tcp/127.0.0.1/4100)" outside
is "ssh forwards into it" "$(timeout $((10 * patience)) ssh -W 127.0.0.1:4100 alice@world </dev/null)" inside
is "another user's has another one" "$(on bob ': </dev/tcp/127.0.0.1/4100' 2>/dev/null; echo $?)" 1
release
kill "$outside"
wait "$outside" 2>/dev/null
end_all

# Bob has a terminal, keys and an abstract socket, and nothing keeps alice from asking for them.
policy <<END
[default]
network = private
seccomp = none
END
cat >/srv/reach.py <<'END'
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
ADD_KEY, KEYCTL, SEARCH, RINGS = 248, 250, 10, (-2, -3, -4, -5)
abstract = socket.socket(socket.AF_UNIX)
if sys.argv[1] == "have":
    for ring in RINGS:
        libc.syscall(ADD_KEY, b"user", b"of-bob", b"secret", 6, ring)
    abstract.bind("\0of-bob")
    abstract.listen()
    print("ready", sum(libc.syscall(KEYCTL, SEARCH, ring, b"user", b"of-bob", 0) > 0 for ring in RINGS), flush=True)
    sys.stdin.read()
else:
    found = [ring for ring in RINGS if libc.syscall(KEYCTL, SEARCH, ring, b"user", b"of-bob", 0) > 0]
    print("keys", found, "of-bob" in open("/proc/keys").read())
    print("socket", abstract.connect_ex("\0of-bob"), "of-bob" in open("/proc/net/unix").read())
    print("terminals", [name for name in os.listdir("/dev/pts") if name != "ptmx"])
END
if [ "$(uname -m)" = x86_64 ]; then
	mkfifo "$tap_dir/bobs"
	script -qec "ssh -tt bob@world 'python3 /srv/reach.py have'" /dev/null <>"$tap_dir/bobs" >"$tap_dir/have" 2>&1 &
	bobs=$!
	wait_for 20 grep -q ready "$tap_dir/have"
	like "bob has keys" "$(cat "$tap_dir/have")" 'ready [1-9]'
	is "which alice does not find, nor his socket and terminal" "$(on alice 'python3 /srv/reach.py' seek 2>&1)" "keys [] False
socket 111 False
terminals []"
	kill "$bobs"
	wait "$bobs" 2>/dev/null
else
	skip "keys, abstract sockets and terminals of another user's" "the numbers of system calls are x86_64's"
fi
rm -f /srv/reach.py
end_all

# --- nesting -----------------------------------------------------------------------------------------------

policy <<END
[default]
nesting = yes
END
is "nesting = yes: a user namespace can be made" "$(on alice 'unshare -Ur id -u' 2>&1)" 0
is "in which nothing is writable that was not" "$(on alice 'unshare -Urm sh -c "mount -o remount,bind,rw / || mount -o remount,bind,rw /etc || umount /proc/sys || umount /etc"' >/dev/null 2>&1; echo $?)" 32
wait_for 10 no_containers

# --- the supervisor dies: the user namespace is found again ------------------------------------------------

policy </dev/null
hold alice
namespace=$(on alice 'readlink /proc/self/ns/user')
kill -KILL "$(supervisors)"
wait_for 5 test -z "$(supervisors)"
coproc AGAIN { exec ssh alice@world 'readlink /proc/self/ns/user; exec cat' 2>&1; }
again=$AGAIN_PID
read -r -t $((20 * patience)) -u "${AGAIN[0]}" line
is "the next login joins the same" "$line" "$namespace"
for pid in $(callers); do
	caller_is_nobody "after adoption" "$pid"
done
is "both sessions are known" "$(callers | wc -l)" 2
kill "$again"
wait "$again" 2>/dev/null
release
wait_for 10 no_containers
nothing_left "nothing is left in the end"
done_testing
