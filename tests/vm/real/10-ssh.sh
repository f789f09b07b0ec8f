#!/bin/bash
# The package on a host of its own, by ssh from outside: everything that ssh is used for.
# shellcheck source=guest.sh
. "$(dirname "$0")/guest.sh"

like "the module stands last in common-session" "$(host 'grep -v "^#" /etc/pam.d/common-session | grep . | tail -1')" 'pam_ctr\.so'
like "and in common-session-noninteractive" "$(host 'grep -v "^#" /etc/pam.d/common-session-noninteractive | grep . | tail -1')" 'pam_ctr\.so'
like "the shipped policy has no faults" "$(host 'ctrctl check' 2>&1)" 'no faults'
like "the root is Debian's stock kernel with cgroup2 alone" \
	"$(host 'uname -r; grep -c "^cgroup /" /proc/mounts; stat -fc %T /sys/fs/cgroup')" '^6\.1\..*cloud-amd64$'
end_all
snapshot_take

# --- who is contained, who is not ---------------------------------------------------------------------------

contained "alice, the policy as shipped" "$(on alice 'readlink /proc/self/ns/pid')"
is "root is not" "$(on root 'readlink /proc/self/ns/pid')" "$host_pid_namespace"
is "nor is dora, of the group sudo" "$(on dora 'readlink /proc/self/ns/pid')" "$host_pid_namespace"
like "alice sees her processes and no other" "$(on alice 'ps -e --no-headers | wc -l')" '^([2-9]|1[0-9])$'

for profile in shared sealed machine; do
	end_all
	policy_of "profile = $profile" 'memory.max = 200M' 'pids.max = 100'
	contained "$profile: a command" "$(on alice 'readlink /proc/self/ns/pid')"
	is "$profile: its exit code" "$(on alice 'exit 42'; echo $?)" 42
	is "$profile: standard input, output and error" "$(echo in | "$VM_SSH" alice 'cat; echo err >&2' 2>&1)" "in
err"
	is "$profile: a terminal" "$(on_tty alice 'tty | tr -d 0-9; stty size >/dev/null && echo stty; echo there >/dev/tty' | xargs)" "/dev/pts/ stty there"
	is "$profile: its limits are the kernel's" "$(on alice 'cat /sys/fs/cgroup/memory.max')" 209715200
	# With Debian's stacks, in which pam_limits and others come after the include.
	is "$profile: who one is" "$(on alice 'id -un; pwd; echo $HOME')" "alice
/home/alice
/home/alice"
done

# --- files ----------------------------------------------------------------------------------------------------

options=(-q -F none -i "$(sed -n "s/.* -i '\([^']*\)'.*/\1/p" "$VM_SSH")" -o IdentitiesOnly=yes
	-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null)
head -c 300000 /dev/urandom >"$tap_dir/file"
sum=$(sha256sum <"$tap_dir/file")
end_all
policy_of 'profile = sealed'
hold bob || fail "a login of bob's that stays"
succeeds "scp there" scp "${options[@]}" -P "$VM_PORT" "$tap_dir/file" bob@127.0.0.1:/tmp/by-scp
is "the next login finds it" "$(on bob 'sha256sum </tmp/by-scp')" "$sum"
succeeds "scp by the old protocol" scp -O "${options[@]}" -P "$VM_PORT" "$tap_dir/file" bob@127.0.0.1:/tmp/by-scp-o
succeeds "scp back" scp "${options[@]}" -P "$VM_PORT" bob@127.0.0.1:/tmp/by-scp-o "$tap_dir/back"
is "is the same" "$(sha256sum <"$tap_dir/back")" "$sum"
printf 'put %s /tmp/by-sftp\nls -l /tmp/by-sftp\nget /tmp/by-sftp %s\n' "$tap_dir/file" "$tap_dir/back" >"$tap_dir/batch"
succeeds "sftp" sftp "${options[@]}" -P "$VM_PORT" -b "$tap_dir/batch" bob@127.0.0.1
is "is the same" "$(sha256sum <"$tap_dir/back")" "$sum"
if command -v rsync >/dev/null; then
	mkdir "$tap_dir/tree" && cp "$tap_dir/file" "$tap_dir/tree/a" && ln -s a "$tap_dir/tree/b"
	succeeds "rsync" rsync -a -e "ssh ${options[*]} -p $VM_PORT" "$tap_dir/tree/" bob@127.0.0.1:synced/
	is "is the same" "$(on bob 'sha256sum <synced/b')" "$sum"
else
	skip "rsync" "not installed here"
fi
is "the host's /tmp has none of it" "$(host 'ls /tmp/by-* 2>/dev/null')" ""
release

# --- forwarding -------------------------------------------------------------------------------------------------

end_all
local_port=$((27000 + RANDOM % 5000))
ssh "${options[@]}" -p "$VM_PORT" -N -L "127.0.0.1:$local_port:127.0.0.1:22" alice@127.0.0.1 &
tunnel=$!
greets() (
	exec 3<>"/dev/tcp/127.0.0.1/$local_port" && timeout "$LIMIT" head -n 1 <&3 | grep -q SSH-2.0
)
if wait_for 40 greets; then ok "a forwarded port"; else fail "a forwarded port"; fi
like "ssh -N is a session, too" "$(host 'ctrctl list')" alice
end_clients "$tunnel"
port=$((33000 + RANDOM % 5000))
is "a port forwarded the other way" \
	"$(ssh "${options[@]}" -p "$VM_PORT" -R "127.0.0.1:$port:127.0.0.1:$VM_PORT" alice@127.0.0.1 \
		"exec 3<>/dev/tcp/127.0.0.1/$port; head -n 1 <&3" </dev/null | cut -c 1-7)" SSH-2.0
like "X11: a display" "$(DISPLAY=:99 ssh "${options[@]}" -p "$VM_PORT" -Y alice@127.0.0.1 'echo $DISPLAY; xauth list | wc -l' </dev/null 2>/dev/null)" '^localhost:1[0-9]\.0$'
agent=$(ssh-agent -s)
eval "$agent" >/dev/null
ssh-add -q "$(sed -n "s/.* -i '\([^']*\)'.*/\1/p" "$VM_SSH")"
like "an agent" "$(ssh "${options[@]}" -A -p "$VM_PORT" alice@127.0.0.1 'ssh-add -l' </dev/null)" ED25519
ssh-agent -k >/dev/null

# --- su, sudo ------------------------------------------------------------------------------------------------------

contained "su" "$(host 'su alice -c "readlink /proc/self/ns/pid"')"
contained "su -" "$(host 'su - alice -c "readlink /proc/self/ns/pid"')"
is "su to root by dora, who is exempt" "$(on dora 'echo dora | sudo -S -p "" readlink /proc/self/ns/pid')" "$host_pid_namespace"
contained "sudo -u alice by dora" "$(on dora 'echo dora | sudo -S -p "" -u alice readlink /proc/self/ns/pid')"
end_all
nothing_left "nothing is left"
done_testing
