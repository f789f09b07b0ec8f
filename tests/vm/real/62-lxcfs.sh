#!/bin/bash
# Debian's own lxcfs service, and that it dies: tests/e2e/77-lxcfs.sh has the rest.
# shellcheck source=guest.sh
. "$(dirname "$0")/guest.sh"

if ! host 'command -v lxcfs >/dev/null'; then
	skip "lxcfs" "not in the guest"
	done_testing
fi
host 'service lxcfs start >/dev/null 2>&1'
host_waits 20 'test -s /var/lib/lxcfs/proc/meminfo'
for profile in shared sealed machine; do
	policy_of "profile = $profile" 'memory.max = 200M'
	is "$profile: free tells the limit" "$(on alice 'free -m' | awk '/^Mem:/ { print $2 }')" 200
	is "$profile: its mount is empty inside" "$(on alice 'ls -A /var/lib/lxcfs')" ""
	end_all
done
host 'kill -KILL $(pgrep -x lxcfs)'
host_waits 10 '! ls /var/lib/lxcfs'
log_mark
is "dead: a login goes on without" "$(on alice 'grep -c ^MemTotal /proc/meminfo')" 1
logged "and the log says so" 'built without /var/lib/lxcfs'
end_all
host 'umount /var/lib/lxcfs; service lxcfs stop >/dev/null 2>&1'
done_testing
