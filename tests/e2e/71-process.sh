#!/bin/bash
# Capabilities and the rest of what a login's processes are: as the policy says, by each service,
# whichever login built the container.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

rm -f /etc/pam_ctr.conf.d/00-profile.conf
policy </dev/null
cp -a /etc/pam.d "$tap_dir/pam.d"
snapshot_take

policy_of() { # LINE...: of [default]
	policy < <(printf '%s\n' '[default]' "$@")
}

names() {
	tr -s ', ' '[\n*]' | sed '/^$/d' | LC_ALL=C sort | tr '\n' ' '
}

# --- capabilities ----------------------------------------------------------------------------------

bounding="setpriv --dump | sed -n 's/^Capability bounding set: //p'"
sets="awk '/^Cap(Inh|Prm|Eff|Amb)/ { print \$2 }' /proc/self/status | sort -u"
reach_host='sys_admin|sys_module|sys_rawio|sys_boot|sys_time|mac_|bpf|perfmon|syslog|mknod|dac_read_search|net_admin|audit_(read|control)|sys_pacct'
for profile in shared sealed machine; do
	policy_of "profile = $profile"
	planned=$(ctrctl plan alice | sed -n 's/^session bounding-set *\([a-z_ ]*[a-z]\)  #.*/\1/p' | names)
	# What the host's root lacks can't be kept; a new user namespace has all of them.
	[ $profile != shared ] || planned=$(tr ' ' '\n' <<<"$planned" | grep -xF -f <(bash -c "$bounding" | names | tr ' ' '\n') | tr '\n' ' ')
	is "$profile: sshd has what the plan says" "$(on alice "$bounding" | names)" "$planned"
	is "$profile: su" "$(su - alice -c "$bounding" | names)" "$planned"
	is "$profile: the user has none of them" "$(on alice "$sets")" 0000000000000000
	like "$profile: there is something to compare" "$planned" 'chown .*setuid '
	[ $profile = machine ] || unlike "$profile: nothing that reaches the host" "$planned" "$reach_host"
	end_all
done
policy_of 'profile = shared'
like "shared: passwd, setuid, reads the shadow" "$(on alice 'passwd -S' 2>&1)" '^alice P '
like "shared: su" "$(on alice 'echo bob | su bob -c "id -un"' 2>&1)" 'bob$'
like "shared: sudo, of who may" "$(echo 'carol ALL = (bob) NOPASSWD: ALL' >>/etc/sudoers; on carol 'sudo -n -u bob id -un' 2>&1)" '^bob$'
sed -i '/^carol/d' /etc/sudoers
if command -v ping >/dev/null; then
	like "shared: ping" "$(on alice 'ping -c 1 127.0.0.1' 2>&1)" ' 0% packet loss'
else
	missing "shared: ping" ping
fi
policy_of 'profile = sealed' 'capabilities = chown kill'
is "a list of one's own" "$(on alice "$bounding" | names)" "chown kill "
policy_of 'profile = sealed' 'capabilities = none'
is "none" "$(on alice "$bounding; echo") $(on alice 'id -un')" "[none] alice"
policy_of 'profile = shared' 'capabilities = -net_raw -chown'
unlike "less than the profile's" "$(on alice "$bounding" | names)" 'net_raw|chown'
end_all
for bad in 'capabilities = frobnicate' 'capabilities = 63' 'profile = shared|capabilities = +sys_admin' 'ambient = 77'; do
	IFS='|' read -ra lines <<<"$bad"
	policy_of "${lines[@]}"
	like "refused at check: $bad" "$(ctrctl check 2>&1)" "^/etc/pam_ctr.conf:[0-9]+: (capabilities|ambient): "
	fails "and at login: $bad" on alice true
done

# --- ambient: by who can hand it on -------------------------------------------------------------------

policy < <(printf '%s\n' '[default]' 'profile = sealed' 'ambient = net_bind_service' '[service sshd]' 'ambient = none')
ambient="setpriv --dump | sed -n 's/^Ambient capabilities: //p'"
is "su hands it on" "$(su alice -c "$ambient")" net_bind_service
is "su -" "$(su - alice -c "$ambient")" net_bind_service
is "sshd has none" "$(on alice "$ambient")" "[none]"
hold alice
is "ctrctl enter" "$(ctrctl enter alice -- sh -c "$ambient")" net_bind_service
release
end_all
policy < <(printf '%s\n' '[service sshd]' 'ambient = net_bind_service')
like "sshd can't: check says so" "$(ctrctl check 2>&1)" '^/etc/pam_ctr.conf:[0-9]+: ambient: sshd takes ambient capabilities away'
policy_of 'ambient = net_bind_service'
log_mark
fails "a login by sshd is refused" on alice true
logged "and told why" 'ambient: sshd takes them away when it becomes the user'

# --- no_new_privs, securebits ---------------------------------------------------------------------------

privs="awk '/^NoNewPrivs/ { print \$2 }' /proc/self/status"
bits='perl -e "print syscall(157, 27, 0, 0, 0, 0)"' # prctl(PR_GET_SECUREBITS)
policy_of 'profile = shared'
is "no_new_privs: not where setuid counts" "$(on alice "$privs") $(su alice -c "$privs")" "0 0"
policy_of 'profile = sealed'
is "no_new_privs: where it does not" "$(on alice "$privs") $(su alice -c "$privs")" "1 1"
policy_of 'profile = shared' 'setuid = no'
is "setuid = no on the host's root" "$(on alice "$privs")" 1
unlike "and no program is setuid" "$(on alice 'passwd -S' 2>&1)" '^alice P '
policy_of 'profile = shared' 'no_new_privs = yes' 'setuid = yes'
like "with setuid it makes no sense" "$(ctrctl check 2>&1)" '^/etc/pam_ctr.conf:[0-9]+: (setuid|no_new_privs): no_new_privs = yes with setuid = yes'
policy_of 'profile = sealed' 'securebits = noroot no_cap_ambient_raise'
if [ "$(uname -m)" = x86_64 ]; then
	is "securebits" "$(on alice "$bits")" 65
else
	skip "securebits" "the call's number is x86-64's"
fi
end_all

# --- limits, mask, priorities ---------------------------------------------------------------------------

policy < <(printf '%s\n' '[default]' 'profile = sealed' 'rlimit.nofile = 200:300' 'rlimit.cpu = 1h' 'umask = 027' 'nice = 5' \
	'scheduler = batch' 'timer_slack = 1ms' '[service su]' 'rlimit.nofile = 100' 'umask = 077' 'nice = none')
is "rlimits" "$(on alice 'ulimit -Sn; ulimit -Hn; ulimit -t' | xargs)" "200 300 3600"
is "umask" "$(on alice umask)" 0027
is "nice" "$(on alice nice)" 5
is "scheduler" "$(on alice 'chrt -p $$' | sed -n 's/.*policy: //p')" SCHED_BATCH
# proc(5) has no timerslack_ns of other processes' for a user; one's own can be read.
is "timer slack" "$(on alice 'cat /proc/self/timerslack_ns')" 1000000
is "another service beside it has its own" "$(hold alice; su alice -c 'ulimit -n; umask; nice' | xargs; release)" "100 0077 0"
end_all
sed -i 's|^\(session.*pam_ctr.so.*\)|session required pam_limits.so conf=/etc/limits-test.conf\n\1|' /etc/pam.d/sshd
printf '%s\n' '* hard nofile 777' '* soft nofile 555' '* hard nproc 1234' '* soft nproc 1234' >/etc/limits-test.conf
policy_of 'profile = sealed' 'rlimit.nofile = 200:300'
is "pam_limits before: where the policy is silent its values stay" "$(on alice 'ulimit -n; ulimit -Hn; ulimit -u' | xargs)" "200 300 1234"
policy_of 'profile = sealed'
is "and all of them" "$(on alice 'ulimit -n; ulimit -Hn; ulimit -u' | xargs)" "555 777 1234"
cp "$tap_dir/pam.d/sshd" /etc/pam.d/sshd
sed -i 's|^\(session.*pam_ctr.so.*\)|\1\nsession required pam_limits.so conf=/etc/limits-test.conf|' /etc/pam.d/sshd
is "pam_limits behind, too" "$(on alice 'ulimit -n; ulimit -Hn; ulimit -u' | xargs)" "555 777 1234"
cp "$tap_dir/pam.d/sshd" /etc/pam.d/sshd
rm /etc/limits-test.conf
end_all

# --- keyring, core dumps, CPUs ----------------------------------------------------------------------------

# keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING) without keyutils.
keyring='perl -e '\''printf("%d\n", syscall(250, 0, -3, 0))'\'''
if [ "$(uname -m)" = x86_64 ] && command -v perl >/dev/null; then
	policy_of 'profile = shared'
	first=$(on alice "$keyring")
	number "a session keyring" "$first" -gt 0
	isnt "of this login's alone" "$(on alice "$keyring")" "$first"
	isnt "not the caller's" "$(su alice -c "$keyring")" "$(perl -e 'printf("%d\n", syscall(250, 0, -3, 0))')"
	end_all
else
	skip "session keyring" "the call's number is x86-64's"
fi
case $(cat /proc/sys/kernel/core_pattern) in
'|'*) cores='1 1' ;;
*) cores=$(plain alice 'ulimit -Sc; ulimit -Hc' | xargs) ;;
esac
policy_of 'profile = sealed'
is "no core goes to a program of the host's" "$(on alice 'ulimit -Sc; ulimit -Hc' | xargs)" "$cores"
policy_of 'profile = sealed' 'core_dumps = none'
is "core_dumps = none" "$(on alice "awk '/^Max core/ { print \$5, \$6 }' /proc/self/limits")" "1 1"
end_all
if [ "$(nproc)" -gt 1 ]; then
	policy_of 'profile = sealed' 'cpu.max = 1 core'
	is "nproc tells the share" "$(on alice nproc)" 1
	policy_of 'profile = sealed' 'cpu.max = 1 core' 'cpu_view = machine'
	end_all
	is "or the machine" "$(on alice nproc)" "$(nproc)"
	end_all
else
	skip "nproc tells the share" "one CPU"
fi

nothing_left "nothing is left"
done_testing
