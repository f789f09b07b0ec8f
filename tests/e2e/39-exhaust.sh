#!/bin/bash
# THREATS H36: a user takes all that there is of everything.  It is the own share: root and others have theirs, and log in on
# terminals.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

rm /etc/pam_ctr.conf.d/00-profile.conf
cat >/srv/take.py <<'END'
"""take.py MOST [hold]: takes up to MOST of each, and says how many it had; "hold" keeps them until standard input ends."""
import ctypes
import errno
import os
import resource
import signal
import socket
import sys
most = int(sys.argv[1])
libc, librt = ctypes.CDLL(None, use_errno=True), ctypes.CDLL("librt.so.1", use_errno=True)
libc.shmget.argtypes = [ctypes.c_int, ctypes.c_size_t, ctypes.c_int]
libc.sigqueue.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p]
kept = []
def descriptor(make):
    kept.append(make())
    return True
def shared_memory():
    return libc.shmget(0, 4096, 0o1600) >= 0
def message_queue():
    name = f"/taken-{os.getpid()}-{len(kept)}".encode()
    queue = librt.mq_open(name, os.O_CREAT | os.O_RDWR, 0o600, None)
    kept.append(queue)
    if len(sys.argv) < 3:
        librt.mq_unlink(name)
    return queue >= 0
def abstract():
    one = socket.socket(socket.AF_UNIX)
    one.bind(f"\0taken-{len(kept)}")
    return one
def port():
    one = socket.socket()
    one.bind(("127.0.0.1", 0))
    return one
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
kinds = {
    "terminals": lambda: descriptor(os.openpty),
    "inotify": lambda: libc.inotify_init1(0) >= 0,
    "segments": shared_memory,
    "queues": message_queue,
    "signals": lambda: libc.sigqueue(os.getpid(), signal.SIGRTMIN, None) == 0,
    "abstract": lambda: descriptor(abstract),
    "ports": lambda: descriptor(port),
    "files": lambda: descriptor(lambda: os.open("/dev/null", os.O_RDONLY)),
}
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
for name, take in kinds.items():
    taken, why = 0, "as many as were asked for"
    try:
        while taken < (most if name != "signals" else most * 20):
            if not take():
                why = errno.errorcode[ctypes.get_errno()]
                break
            taken += 1
    except OSError as error:
        why = errno.errorcode[error.errno]
    print(name, taken, why, flush=True)
print("done", flush=True)
if len(sys.argv) > 2:
    sys.stdin.read()
END
take_all() { # USER: holds all that he can have, one line a kind in $tap_dir/taken
	mkfifo "$tap_dir/hold" 2>/dev/null
	: >"$tap_dir/taken" # the last one's would be taken for it
	ssh "$1@world" 'exec python3 /srv/take.py 5000 hold' <>"$tap_dir/hold" >"$tap_dir/taken" 2>&1 &
	taker=$!
	wait_for 60 grep -q '^done' "$tap_dir/taken"
}
few() { python3 /srv/take.py 20; }

for profile in shared sealed; do
	policy <<-END
		[default]
		profile = $profile
		network = private
	END
	few >"$tap_dir/before"
	# Not by succeeds, whose subshell would keep $taker.
	if take_all alice; then ok "$profile: a user takes what there is"; else fail "$profile: a user takes what there is" "$(cat "$tap_dir/taken")"; fi
	for kind in terminals inotify segments queues signals; do
		like "$profile: of $kind there is an end" "$(cat "$tap_dir/taken")" "^$kind [0-9]+ E"
	done
	is "$profile: the host's root has what it had" "$(diff "$tap_dir/before" <(few))" ""
	is "$profile: another user, too" "$(on bob 'python3 /srv/take.py 20' | sed '/segments\|queues/d')" "$(sed '/segments\|queues/d' "$tap_dir/before")"
	like "$profile: with segments and queues of his own" "$(on bob 'python3 /srv/take.py 9')" '^queues [1-9]'
	like "$profile: root logs in on a terminal" "$(on_tty root 'tty; timeout 5 true && echo timers')" '^timers'
	like "$profile: so does another user" "$(on_tty bob 'tty; timeout 5 true && echo timers')" '^timers'
	end_clients "$taker"
	end_all
	ipcrm --all=shm
done
rm -f /srv/take.py
done_testing
