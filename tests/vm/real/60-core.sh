#!/bin/bash
# Core dumps: no program of the host's runs over what crashes in a login, core(5).
# shellcheck source=guest.sh
. "$(dirname "$0")/guest.sh"

before_pattern=$(host 'cat /proc/sys/kernel/core_pattern')
"$VM_SSH" root 'cat >/usr/local/sbin/core-taker; chmod 755 /usr/local/sbin/core-taker; mkdir -p /var/crash' <<'END'
#!/bin/sh
# As the kernel runs it: the host's root, outside of all containers.
echo "uid=$1 bytes=$(wc -c) ns=$(readlink /proc/self/ns/pid) me=$(id -u)" >>/var/crash/taken
END
snapshot_take
crash='sh -c "kill -SEGV \$\$" 2>/dev/null; echo $?'
limits="awk '/^Max core/ { print \$5, \$6 }' /proc/self/limits"
taken() {
	host 'cat /var/crash/taken 2>/dev/null; rm -f /var/crash/taken'
}

# --- a pipe -----------------------------------------------------------------------------------------------------------

host "echo '|/usr/local/sbin/core-taker %u' >/proc/sys/kernel/core_pattern"
is "dora's crash, outside" "$(on dora "$crash")" 139
host_waits 10 'test -s /var/crash/taken'
like "is taken by the host's program, as its root" "$(taken)" "^uid=[0-9]+ bytes=[1-9][0-9]+ ns=${host_pid_namespace//[\[\]]/.} me=0$"
for profile in shared sealed machine; do
	for dumps in file none; do
		policy_of "profile = $profile" "core_dumps = $dumps"
		is "$profile, core_dumps = $dumps: a crash" "$(on alice "$crash")" 139
		is "$profile, core_dumps = $dumps: with the limit raised as far as it goes" "$(on alice "ulimit -c unlimited 2>/dev/null; $limits; $crash" | xargs)" "1 1 139"
		end_all
	done
done
# The kernel runs the program before the crashed process is gone: what was to come has come.
is "none of them is taken" "$(taken)" ""
is "pam_limits' limits.conf does not raise it" "$(host 'echo "* - core unlimited" >/etc/security/limits.d/core.conf'; on alice "$limits; $crash" | xargs)" "1 1 139"
host 'rm /etc/security/limits.d/core.conf'
is "nor is that one taken" "$(taken)" ""
end_all

# --- files ------------------------------------------------------------------------------------------------------------

host 'echo core >/proc/sys/kernel/core_pattern; rm -rf /var/crash /usr/local/sbin/core-taker'
policy_of 'profile = sealed' 'rlimit.core = 100M'
is "core_dumps = file: a crash makes one, as the limit has it" "$(on alice "cd && $crash; test -s core && echo dumped; rm -f core" | xargs)" "139 dumped"
end_all
policy_of 'profile = sealed' 'core_dumps = none'
is "core_dumps = none: none" "$(on alice "cd && ulimit -c unlimited 2>/dev/null; $crash; ls core 2>/dev/null")" 139
end_all
"$VM_SSH" root 'cat >/proc/sys/kernel/core_pattern' <<<"$before_pattern"
nothing_left "nothing is left"
done_testing
