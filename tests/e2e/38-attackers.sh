#!/bin/bash
# THREATS H44 to H47: somebody inside does harm without a pause while others, and he himself, log in: reads, traces and kills
# what comes in; swaps what a login opens for links, fifos and mounts; has false proc, sysfs and
# devpts trees in the place of the true ones.  Logins are let in or refused, none hangs, and the host is as it was.
# ATTACKED_LOGINS: how many (20); two hundred take more than the five minutes of tests/run's TEST_TIMEOUT.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

rm /etc/pam_ctr.conf.d/00-profile.conf
logins=${ATTACKED_LOGINS:-20}
profile() { # NAME [LINE...]
	printf '%s\n' '[default]' "profile = $1" "${@:2}" | policy
}
host_tree() {
	find /etc /root /srv /opt /var /usr/sbin /usr/libexec /home/bob -xdev \( -path /var/lib/pam_ctr -o -path /var/log -o -path "$WORLD_REPO" \) -prune -o \
		-printf '%p %y %m %U %G %s %T@ %l\n' | LC_ALL=C sort
}
# Each login is in, or is told no; what hangs is killed by its limit and counted.
log_in() { # USER COUNT
	local out status
	for _ in $(seq "$2"); do
		out=$(LIMIT=20 on "$1" 'echo in' 2>&1) && status=0 || status=$?
		case $out:$status in
		in:0) echo in ;;
		*:124 | *:137) echo hung ;;
		*) echo "refused: $out" ;;
		esac
	done >"$tap_dir/logins.$1"
}
count_of() { grep -c "^$2" "$tap_dir/logins.$1"; }
# attack USER@HOST PROGRAM [SUDO]: until stop_attack; ready when it has said so
attack() {
	host_tree >"$tap_dir/tree"
	coproc ATTACK { exec ssh "$1" "${3-} python3 -u $2" 2>&1; }
	# shellcheck disable=SC2153 # coproc sets ATTACK_PID
	attack_pid=$ATTACK_PID
	exec {attack_out}<&"${ATTACK[0]}" {attack_in}>&"${ATTACK[1]}"
	local line ours=${ATTACK[0]} theirs=${ATTACK[1]}
	exec {ours}<&- {theirs}>&-
	read -r -t $((20 * patience)) -u "$attack_out" line && [ "$line" = ready ]
}
begin_attack() { # NAME USER@HOST PROGRAM [SUDO]: not by succeeds, whose subshell would keep what is opened
	if attack "${@:2}"; then ok "$1"; else fail "$1"; fi
}
# $report is what it has found, a line each, and how much it did.
stop_attack() {
	exec {attack_in}>&-
	report=$(timeout $((20 * patience)) cat <&"$attack_out")
	exec {attack_out}<&-
	wait "$attack_pid" 2>/dev/null
}

cat >/srv/attack.py <<'E2'
import select
print("ready")
def goes_on():
    return not select.select([0], [], [], 0)[0]
E2
cat >/srv/attack-processes.py <<'E2'
# Every process that appears and is not one's own program: read, robbed, traced, killed.
import ctypes, os, signal
import attack
libc = ctypes.CDLL(None, use_errno=True)
PTRACE_SEIZE, PTRACE_DETACH = 0x4206, 17
own_root = os.stat("/")
seen, found = set(), set()
def facts_of(pid):
    with open(f"/proc/{pid}/status") as status:
        facts = dict(line.split(":", 1) for line in status)
    return facts["Name"].strip(), [int(uid) for uid in facts["Uid"].split()]
# What has become the user's meanwhile was the user's when it was done.
def note(pid, name, what):
    if 65534 in facts_of(pid)[1]:
        found.add(f"{name}: {what}")
def look(pid):
    name, uids = facts_of(pid)
    # Whose numbers mean nothing in here is the host's root: sshd's child before it becomes the user (the monitor has no pid in
    # here).  All others are the user's, or of the container's root: all may be known of them, and nothing leads out.
    is_own = 65534 not in uids
    seen.add((pid, name))
    for what in ("environ", "mem", "maps", "auxv", "fd", "fdinfo", "cwd", "exe", "root", "ns/mnt", "ns/user"):
        path = f"/proc/{pid}/{what}"
        try:
            if what in ("fd", "fdinfo"):
                entries = os.listdir(path)
            elif what in ("cwd", "exe", "root", "ns/mnt", "ns/user"):
                os.readlink(path)
            else:
                with open(path, "rb") as file:
                    if what != "mem" and not file.read(64):
                        continue
        except OSError:
            continue
        if not is_own:
            note(pid, name, what)
    try:
        at = os.stat(f"/proc/{pid}/root/")
        if (at.st_dev, at.st_ino) != (own_root.st_dev, own_root.st_ino):
            found.add(f"{name}: another root")
    except OSError:
        pass
    if not is_own:
        if libc.ptrace(PTRACE_SEIZE, pid, 0, 0) == 0:
            note(pid, name, "traced")
            libc.ptrace(PTRACE_DETACH, pid, 0, 0)
        try:
            os.kill(pid, signal.SIGURG)
            note(pid, name, "signalled")
        except OSError:
            pass
while attack.goes_on():
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                look(int(entry))
            except OSError:
                pass
for line in sorted(found):
    print("FOUND", line)
print("looked at", len({pid for pid, name in seen if name.startswith("sshd")}), "of sshd")
E2

profile sealed
begin_attack "an attacker inside is at work" alice@world /srv/attack-processes.py
log_in alice "$logins"
stop_attack
is "each of his own logins is in" "$(count_of alice in)" "$logins"
is "sealed: nothing of what logs in is read, robbed, traced" "$(grep FOUND <<<"$report")" ""
number "and he has looked at them" "$(sed -n "s/^looked at \([0-9]*\) of sshd$/\1/p" <<<"$report")" -ge $((logins / 2))
end_all

profile machine
begin_attack "root inside is at work" alice@world /srv/attack-processes.py 'sudo -n'
log_in alice "$logins"
stop_attack
is "each login is in" "$(count_of alice in)" "$logins"
is "machine: nothing of what logs in is read, robbed, traced by root inside" "$(grep FOUND <<<"$report")" ""
number "and he has looked at them" "$(sed -n "s/^looked at \([0-9]*\) of sshd$/\1/p" <<<"$report")" -ge $((logins / 2))
end_all

# --- H46: names that change while a container is made and ended

cat >/srv/attack-home.py <<'E2'
# In the real home, by a login without pam_ctr: what a login passes through is a directory, a link, a fifo, nothing.
import ctypes, os
import attack
libc = ctypes.CDLL(None, use_errno=True)
home = os.path.expanduser("~")
os.chdir(home)
kinds = ["to-etc", "to-root", "fifo", "file"]
os.symlink("/etc", "to-etc"), os.symlink("/root", "to-root"), os.mkfifo("fifo"), open("file", "w").close()
turns = 0
while attack.goes_on():
    for kind in kinds:
        for name in (".attacked", ".config", "bin"):
            if libc.renameat2(-100, kind.encode(), -100, name.encode(), 2) == 0:
                turns += 1
                libc.renameat2(-100, kind.encode(), -100, name.encode(), 2)
print("turns", turns)
E2
profile sealed 'home_passthrough = .attacked .config bin'
plain alice 'mkdir -p .attacked .config bin'
begin_attack "a home that never stands still" alice@plain /srv/attack-home.py
for _ in $(seq "$logins"); do
	log_in alice 1
	cat "$tap_dir/logins.alice"
	end_all
done >"$tap_dir/all"
mv "$tap_dir/all" "$tap_dir/logins.alice"
stop_attack
number "it was swapped meanwhile" "$(sed -n 's/^turns //p' <<<"$report")" -ge 1000
is "no login hangs" "$(count_of alice hung)" 0
is "each is in or told no" "$(($(count_of alice in) + $(count_of alice refused)))" "$logins"
is "nothing outside has changed" "$(diff "$tap_dir/tree" <(host_tree))" ""
diag "$(grep refused "$tap_dir/logins.alice" | sort | uniq -c)"

# --- H46, H47: false trees and devices, by root inside

# The view's mount namespace belongs to the host's user namespace: nobody inside mounts anything over /proc, whatever he is given.
profile machine 'capabilities = +sys_admin' 'seccomp = none'
like "not even root inside with CAP_SYS_ADMIN mounts over /proc" "$(on alice 'sudo -n mount -t tmpfs false /proc' 2>&1)" 'permission denied|must be superuser|not permitted'
end_all

cat >/srv/attack-trees.py <<'E2'
# False proc, sysfs and devpts trees wherever root inside can write, of fifos, so that whoever opens one stands still; and the
# devices of the view, true and false by turns.
import os
import attack
own = ("uid_map", "gid_map", "setgroups", "oom_score_adj", "loginuid", "comm", "mountinfo", "mounts", "status", "stat", "cgroup",
       "attr/exec", "attr/current", "ns/mnt", "ns/pid", "ns/user", "fd/0", "environ", "maps", "limits")
others = ("proc/sys/kernel/core_pattern", "proc/filesystems", "proc/mounts", "sys/fs/cgroup/cgroup.procs", "dev/pts/ptmx", "dev/pts/0", "dev/pts/1",
          "dev/null", "dev/tty", "dev/ptmx", "dev/log")
def plant(top):
    for name in [f"proc/{pid}/{name}" for pid in ("self", "thread-self", "1", "2", "3") for name in own] + list(others):
        path = os.path.join(top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.mkfifo(path)
planted = 0
for top in ("/tmp/false", "/home/alice/false", "/home/alice", "/tmp", "/var/tmp", "/opt", "/run", "/root", "/dev/shm", "/run/user/2001", "/etc", "/usr"):
    try:
        plant(top)
        planted += 1
    except OSError as error:
        print("not in", top, error.strerror)
turns = 0
while attack.goes_on():
    for name in ("null", "zero", "tty", "ptmx", "urandom", "random", "log", "pts/0", "pts/1", "fd", "stdin"):
        try:
            os.rename("/dev/" + name, "/dev/aside")
        except OSError:
            continue
        try:
            if turns % 2:
                os.symlink("/etc/passwd", "/dev/" + name)
            else:
                os.mkfifo("/dev/" + name)
            os.unlink("/dev/" + name)
        except OSError:
            pass
        os.rename("/dev/aside", "/dev/" + name)
        turns += 1
print("planted", planted)
print("turns", turns)
E2
profile machine
begin_attack "root inside plants false trees and swaps devices" alice@world /srv/attack-trees.py 'sudo -n'
log_in alice "$logins"
log_in bob 5
stop_attack
diag "$report"
number "in as many places as he may" "$(sed -n 's/^planted //p' <<<"$report")" -ge 6
is "no login hangs" "$(count_of alice hung)" 0
is "each is in" "$(count_of alice in)" "$logins"
is "another user's are in" "$(count_of bob in)" 5
is "nothing outside has changed now either" "$(diff "$tap_dir/tree" <(host_tree))" ""
end_all
is "the next container, made over these trees, is as any other" "$(on alice 'test -c /dev/null && test -r /proc/self/status && echo in')" in
end_all
done_testing
