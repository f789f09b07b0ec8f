#!/bin/bash
# All that ssh can carry besides a shell works, and its far end is inside the container.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

head -c 300000 /dev/urandom >"$tap_dir/data"
snapshot_take

# One container for all of it: what one connection leaves in the private /tmp, the next one sees.
hold alice
succeeds "scp to /tmp" scp -q "$tap_dir/data" alice@world:/tmp/by-scp
is "the next login sees it" "$(on alice 'md5sum </tmp/by-scp')" "$(md5sum <"$tap_dir/data")"
is "the host does not" "$(ls /tmp/by-scp 2>/dev/null)" ""
succeeds "scp from /tmp" scp -q alice@world:/tmp/by-scp "$tap_dir/back"
succeeds "unchanged" cmp "$tap_dir/data" "$tap_dir/back"
succeeds "scp by its old protocol" scp -q -O "$tap_dir/data" alice@world:/tmp/by-rcp
succeeds "unchanged, too" on alice 'cmp /tmp/by-scp /tmp/by-rcp'
like "sftp lists" "$(echo 'ls /tmp' | timeout $((20 * patience)) sftp -q -b - alice@world 2>&1)" 'by-scp'
succeeds "sftp puts and gets" timeout $((20 * patience)) sftp -q -b - alice@world <<<"put $tap_dir/data put
get put $tap_dir/got
rename put moved"
succeeds "unchanged as well" cmp "$tap_dir/data" "$tap_dir/got"
is "in the home that a shell sees" "$(on alice 'ls moved')" moved
unlike "sftp sees no process of the host's" "$(echo "ls -1 /proc" | timeout $((20 * patience)) sftp -q -b - alice@world 2>&1)" "^/proc/$$/?\$"
mkdir -p "$tap_dir/tree/sub"
cp "$tap_dir/data" "$tap_dir/tree/sub/file"
succeeds "rsync" rsync -a -e ssh "$tap_dir/tree" alice@world:/tmp/
is "rsync again has nothing to do" "$(rsync -ai -e ssh "$tap_dir/tree" alice@world:/tmp/ 2>&1)" ""
succeeds "rsync back" rsync -a -e ssh alice@world:/tmp/tree/sub/file "$tap_dir/synced"
succeeds "unchanged by rsync" cmp "$tap_dir/data" "$tap_dir/synced"
release

# A master connection: one session, many channels.
master="$tap_dir/master"
ssh -o ControlPath="$master" -M -N -f alice@world
many=$(for _ in 1 2 3 4 5 6 7 8 9 10; do ssh -o ControlPath="$master" alice@world 'readlink /proc/self/ns/pid' & done; wait)
is "ten channels of one connection are in one container" "$(sort -u <<<"$many" | wc -l) $(wc -l <<<"$many")" "1 10"
isnt "which is not the host" "$(sort -u <<<"$many")" "$(readlink /proc/self/ns/pid)"
one_session() { [ "$(ctrctl show alice | grep -c '^  s[0-9]')" = 1 ]; }
succeeds "and are one session" wait_for 5 one_session
# script(1) types an end of file into the terminal when its own input ends: keep that open.
mkfifo "$tap_dir/quiet"
is "a channel with a terminal" "$(script -qec "ssh -tt -o ControlPath=$master alice@world 'test -t 0 && echo terminal'" /dev/null <>"$tap_dir/quiet" | tr -d '\r')" terminal
ssh -o ControlPath="$master" -O exit alice@world 2>/dev/null
wait_for 10 no_containers
nothing_left "nothing is left of the master connection"

# Agent: the socket is made by sshd, in /tmp, inside.
eval "$(ssh-agent -a "$tap_dir/agent")" >/dev/null
ssh-add -q /root/.ssh/id_ed25519
like "the agent is reached from inside" "$(timeout $((20 * patience)) ssh -A alice@world 'ssh-add -l; ls -d $SSH_AUTH_SOCK' </dev/null 2>&1)" 'ED25519'
is "a login by the forwarded agent's key" "$(timeout $((20 * patience)) ssh -A alice@world 'ssh -o IdentitiesOnly=no -o IdentityFile=none bob@world id -un' </dev/null 2>&1)" bob
is "no agent socket is left in /tmp" "$(find /tmp -name 'agent.*')" ""
ssh-agent -k >/dev/null
unset SSH_AUTH_SOCK SSH_AGENT_PID

# X11: a display of our own answers with one line.
if command -v xauth >/dev/null; then
	install -d -m 1777 /tmp/.X11-unix
	xauth -q -f "$tap_dir/Xauthority" add worldhost/unix:7 . 00112233445566778899aabbccddeeff 2>/dev/null
	display=$(XAUTHORITY=$tap_dir/Xauthority DISPLAY=:7 timeout $((20 * patience)) ssh -Y -o ForwardX11Timeout=0 alice@world 'echo "$DISPLAY"; xauth list "$DISPLAY"; : </dev/tcp/127.0.0.1/60${DISPLAY#*:} && echo connected' </dev/null 2>&1)
	like "X11: DISPLAY is set" "$display" '^(localhost|127\.0\.0\.1):1[0-9]\.0$'
	like "X11: the cookie is in the user's home" "$display" 'MIT-MAGIC-COOKIE-1'
	port=$(XAUTHORITY=$tap_dir/Xauthority DISPLAY=:7 timeout $((20 * patience)) ssh -Y alice@world 'n=${DISPLAY#*:}; (: </dev/tcp/127.0.0.1/$((6000 + ${n%.*}))) && echo connected' </dev/null 2>/dev/null)
	is "X11: the display's port answers inside" "$port" connected
	rmdir /tmp/.X11-unix
else
	missing "X11 forwarding" xauth
fi

# Forwarding, to a server of our own on the host.
serve() { # PORT TEXT: answers each connection with TEXT until killed
	net serve "$1" "$2" &
	server=$!
	wait_for 10 bash -c ": </dev/tcp/127.0.0.1/$1"
}
ask() {
	timeout $((10 * patience)) bash -c "head -1 </dev/tcp/127.0.0.1/$1" 2>/dev/null
}
serve 4100 served
ssh -N -L 4101:127.0.0.1:4100 -R 4102:127.0.0.1:4100 -D 4103 alice@world &
forward=$!
wait_for 20 bash -c ': </dev/tcp/127.0.0.1/4101'
is "-L" "$(ask 4101)" served
is "-R, from inside" "$(on alice 'head -1 </dev/tcp/127.0.0.1/4102')" served
is "-D" "$(timeout $((10 * patience)) ssh -o ProxyCommand='net socks 4103 22' bob@world id -un </dev/null)" bob
succeeds "ssh -N holds a container without a process of the user's" has_container alice
end_clients "$forward"
succeeds "and lets go of it at the end" wait_for 10 no_container alice
is "ssh -W" "$(timeout $((10 * patience)) ssh -W 127.0.0.1:4100 alice@world </dev/null)" served
# A unix socket in the private /tmp is the container's.
hold alice
timeout $((20 * patience)) ssh -N -R /tmp/remote.sock:127.0.0.1:4100 alice@world &
forward=$!
like "-R to a unix socket is made inside" "$(wait_for 10 on alice 'test -S /tmp/remote.sock'; on alice 'ls -l /tmp/remote.sock')" '^s'
is "not on the host" "$(ls /tmp/remote.sock 2>/dev/null)" ""
kill "$forward"
release
kill "$server"
wait "$server" 2>/dev/null
is "a jump through alice's login" "$(timeout $((20 * patience)) ssh -J alice@world bob@world id -un </dev/null 2>&1)" bob
# An editor's server: one connection starts it, and goes; the next ones talk to it by its socket.
on alice 'setsid python3 -c "
import socket
server = socket.socket(socket.AF_UNIX)
server.bind(\"/tmp/editor.sock\")
server.listen()
while True:
    server.accept()[0].send(b\"editor\\n\")" >/dev/null 2>&1 </dev/null & until [ -S /tmp/editor.sock ]; do sleep 0.05; done'
timeout $((20 * patience)) ssh -N -L 4104:/tmp/editor.sock alice@world &
forward=$!
wait_for 10 bash -c ': </dev/tcp/127.0.0.1/4104'
is "an editor's server, which outlives its connection, is reached by the next" "$(ask 4104)" editor
kill "$forward"
wait "$forward" 2>/dev/null
on alice 'pkill python3'
wait_for 10 no_containers
is "internal-sftp works, too" "$(sed -i 's,^Subsystem.*,Subsystem sftp internal-sftp,' /etc/ssh/sshd_config && kill -HUP "$(cat /run/sshd.pid)" && wait_for 10 bash -c ': </dev/tcp/127.0.0.1/22'; echo 'ls /proc/1/comm' | timeout $((20 * patience)) sftp -q -b - alice@world 2>&1 | tail -1 | tr -d ' ')" "/proc/1/comm"
is "and is inside" "$(timeout $((20 * patience)) sftp -q -b - alice@world <<<"get /proc/1/comm $tap_dir/comm" >/dev/null 2>&1; cat "$tap_dir/comm")" pam_ctr-init
wait_for 10 no_containers
is "nothing of a container is left" "$(supervisors; ls -A /run/pam_ctr 2>/dev/null; find /sys/fs/cgroup -path "*$WORLD_CGROUP/*" -type d)" ""
done_testing
