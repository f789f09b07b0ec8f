# Sourced by run and serve: whether a test can still be begun.
# shellcheck shell=bash

# These take minutes: more than what serve gives the last one beyond $VM_UNTIL.
VM_LONG=' e2e-63-machine-attack e2e-72-syscalls test_home_commit e2e-40-many test_home_snapshot '

# has_time NAME: without $VM_UNTIL there is always time
has_time() {
	local needed=1
	[ -n "${VM_UNTIL-}" ] || return 0
	[[ $VM_LONG != *" $1 "* ]] || needed=360
	[ $((VM_UNTIL - $(date +%s))) -ge $needed ]
}
