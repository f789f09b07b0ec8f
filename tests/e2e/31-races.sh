#!/bin/bash
# Logins that meet: two first ones at once, one during the teardown, one during a kill.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

snapshot_take
for round in 1 2 3; do
	for n in 1 2 3 4 5 6; do
		on alice 'readlink /proc/self/ns/pid; sleep 1.5' >"$tap_dir/first.$n" 2>&1 &
	done
	wait
	is "six first logins at once, round $round: all in" "$(cat "$tap_dir"/first.* | grep -c 'pid:')" 6
	is "one container, round $round" "$(cat "$tap_dir"/first.* | sort -u | wc -l)" 1
	wait_for 10 no_containers
done
nothing_left "nothing is left"

# While one login's policy is read, those behind it must not take the supervisor for stopped.
hold alice
supervisor=$(supervisors)
kill -STOP "$supervisor"
burst 2001 100 >"$tap_dir/burst" 2>&1 &
asked=$!
wait_for 10 grep -q asked "$tap_dir/burst"
kill -CONT "$supervisor"
wait "$asked"
is "100 ask a supervisor at once: all are greeted before the first is heard" "$(tail -n 1 "$tap_dir/burst")" "late: 0"
release
wait_for 10 no_containers

# Root's programs talk nonsense to a supervisor, with descriptors that nobody asked for, and hear no answer.  One that has
# another version makes it leave, and the next one adopts: all the same, nobody else may notice.
cat >"$tap_dir/pester.py" <<'END'
import array, os, socket, struct, sys, time
OPEN, JOINED, FAILED, KILL, SET, RELOAD, KIT, NOBODY = 1, 4, 5, 6, 8, 9, 65, 99
path, WIRE_VERSION = sys.argv[1], int(sys.argv[2])
gifts = [os.open("/dev/null", os.O_RDONLY) for _ in range(200)]
held, sent, refused = [], 0, 0
def connect():
    for _ in range(100):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        client.settimeout(10)
        try:
            client.connect(path)
            return client
        except OSError:
            time.sleep(0.02) # between two supervisors
    sys.exit("nobody listens")
def send(data, count):
    global sent, refused
    client = connect()
    try:
        client.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", gifts[:count]))] if count else [])
        sent += 1
    except OSError: # too long for a socket, or hung up at once
        refused += 1
    held.append(client) # and is not read
    while len(held) > 30:
        held.pop(0).close()
for length in (0, 1, 5, 8, 12, 600, 4096, 60000, 300000):
    for kind in (OPEN, JOINED, FAILED, KILL, SET, RELOAD, KIT, NOBODY):
        for count in (0, 1, 16, 200):
            send((struct.pack("II", WIRE_VERSION, kind) + os.urandom(length))[:max(length, 9)], count)
for _ in range(20):
    send(os.urandom(100), 3)
print("sent", sent, "refused", refused)
END
version=$(sed -n 's/^#define WIRE_VERSION //p' "$WORLD_REPO/lib/wire.h")
hold alice
first=$(container_of alice)
descriptors() { find "/proc/$(supervisors)/fd" -type l 2>/dev/null | wc -l; }
before=$(descriptors)
python3 "$tap_dir/pester.py" /run/pam_ctr/2001/socket "$version" >"$tap_dir/pester" 2>&1 &
pesterer=$!
in=0
while kill -0 "$pesterer" 2>/dev/null; do
	in=$((in + 1))
	[ "$(on alice 'readlink /proc/self/ns/pid')" = "${first% *}" ] || in=-1000
done
like "nonsense for a supervisor is sent" "$(cat "$tap_dir/pester")" '^sent [1-9][0-9][0-9] '
number "meanwhile all logins are in, and in the same container" "$in" -ge 1
is "which is there afterwards, under one supervisor" "$(container_of alice) $(supervisors | wc -l)" "$first 1"
few() { [ "$(descriptors)" -le $((before + 2)) ]; }
succeeds "that has kept no descriptor" wait_for 5 few
# Nobody but root reaches the socket.  Who did would hear nothing.
chmod 755 /run/pam_ctr /run/pam_ctr/2001
chmod 777 /run/pam_ctr/2001/socket
log_mark
like "who is not root is not heard" "$(setpriv --reuid carol --regid carol --clear-groups python3 -c '
import socket, struct
client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
client.connect("/run/pam_ctr/2001/socket")
try:
    client.send(struct.pack("II", '"$version"', 2)) # WIRE_END
    print("heard", client.recv(100))
except OSError as error:
    print(error.strerror)' 2>&1)" '^(Broken pipe|Connection reset by peer)$'
logged "and told of" 'connection refused: uid=2003 .*not root'
is "the container is there" "$(container_of alice)" "$first"
release
wait_for 10 no_containers
nothing_left "nothing is left"

# Each login ends the container, and the next comes while it is torn down.  RACED_LOGINS: how many.
raced=${RACED_LOGINS:-40}
policy <<END
[default]
logout = kill
grace = 1
END
bad=0
for round in $(seq "$raced"); do
	pam_caller --user alice --calls open,fork,close -- /bin/true >"$tap_dir/out" 2>&1
	[ "$(tr '\n' ' ' <"$tap_dir/out")" = "open: PAM_SUCCESS fork: 0 close: PAM_SUCCESS " ] || {
		bad=$((bad + 1))
		diag "round $round" "$(cat "$tap_dir/out")"
	}
done
is "$raced logins, each on the heels of a logout: refused" "$bad" 0
wait_for 10 no_containers
nothing_left "nothing is left"

# Two callers, out of step with each other.
racer() {
	local n
	for n in $(seq 25); do
		pam_caller --user alice --calls open,fork,close -- /bin/true 2>&1
	done >"$tap_dir/racer.$1"
}
racer 1 &
racer 2 &
racer 3 &
wait
is "75 logins by three racers: opened" "$(cat "$tap_dir"/racer.* | grep -c '^open: PAM_SUCCESS')" 75
is "and every command ran" "$(cat "$tap_dir"/racer.* | grep -c '^fork: 0$')" 75
wait_for 10 no_containers
nothing_left "nothing is left"

# A kill while a login opens: it is refused, or lands in a container; then all is well.
policy </dev/null
out=0
for round in $(seq 15); do
	on alice 'readlink /proc/self/ns/pid' >"$tap_dir/killed" 2>/dev/null &
	login=$!
	ctrctl kill alice >/dev/null 2>&1
	ctrctl kill alice >/dev/null 2>&1 &
	wait "$login" $!
	grep -q "$(readlink /proc/self/ns/pid | tr -d '[]' | cut -d: -f2)" "$tap_dir/killed" && out=$((out + 1))
done
is "15 logins during ctrctl kill: shells outside" "$out" 0
wait_for 10 no_containers
succeeds "the next login works" on alice true
wait_for 10 no_containers
nothing_left "nothing is left"

# The policy is replaced while logins run: each sees the old or the new one, whole.
(
	for n in $(seq 30); do
		POLICY_HOST="# $n" policy <<<"[default]
hostname = box-$((n % 2))"
	done
) &
writer=$!
for n in 1 2 3 4 5 6 7 8; do
	on bob hostname
	wait_for 10 no_containers
done >"$tap_dir/names" 2>&1
wait "$writer"
is "a policy replaced under logins refuses none" "$(grep -cE '^(box-[01]|worldhost)$' "$tap_dir/names")" 8
wait_for 10 no_containers
# A hundred at once: what is set for each login, by two keys that go together.
halves=("022 500" "077 600")
write_half() { # N
	read -r mask files <<<"${halves[$(($1 % 2))]}"
	policy <<-END
		[default]
		umask = $mask
		rlimit.nofile = $files
	END
}
write_half 0
hold alice
touch "$tap_dir/halves"
(
	n=0
	while [ -e "$tap_dir/halves" ]; do write_half $((n++)); done
) &
writer=$!
callers=()
for n in $(seq 100); do
	timeout $((60 * patience)) pam_caller --calls open,fork,close -- /bin/sh -c 'echo "$(umask) $(ulimit -n)"' >"$tap_dir/half.$n" 2>&1 &
	callers+=($!)
done
wait "${callers[@]}"
rm "$tap_dir/halves"
wait "$writer"
is "100 logins at once under a policy that is replaced: in" "$(cat "$tap_dir"/half.* | grep -c '^open: PAM_SUCCESS')" 100
is "each sees one policy, whole" "$(grep -hvE '^(0022 500|0077 600|(open|close): PAM_SUCCESS|fork: 0)$' "$tap_dir"/half.*)" ""
is "and both are seen" "$(cat "$tap_dir"/half.* | grep -E '^00' | sort -u | wc -l)" 2
release
wait_for 10 no_containers
nothing_left "nothing is left"
done_testing
