#!/bin/bash
# home_size: a project quota on what is kept of a home, counted and shown, on ext4 and xfs; and a
# clear refusal where there is none.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=../lib/quota.sh
. "$(dirname "$0")/../lib/quota.sh"

limited_to() {
	policy <<-END
		[user alice]
		home_size = $1
	END
}
gone() {
	end_all
	wait_for 10 no_containers
}

install -d -m 700 /var/lib/pam_ctr
limited_to 16M
if [ "$(findmnt -no OPTIONS -T /var/lib/pam_ctr | grep -c prjquota)" = 0 ]; then
	log_mark
	fails "without quotas nobody gets an unlimited home instead" on alice true
	logged "and the log says what to do" 'login refused: user=alice .*home_size: set a project quota: .*prjquota.*leave home_size away'
	succeeds "others log in" on bob true
	gone
	policy <<-END
		[default]
		home_size = 16M
	END
	like "check tells before anybody is refused" "$(ctrctl check 2>&1)" 'note: .*home_size or root_size would be refused: .*prjquota'
	limited_to none
	if hold alice; then ok "no limit, no quota needed"; else fail "no limit, no quota needed"; fi
	like "and none is shown" "$(ctrctl list)" '\?/\?$'
	release
	gone
	policy <<-END
		[user alice]
		home = ephemeral
		home_size = 8M
	END
	fails "an ephemeral home is limited without quotas" on alice 'head -c 20M /dev/zero >big'
	gone
fi

try() { # FILE-SYSTEM
	local why
	rm -rf /var/lib/pam_ctr/*
	why=$(quota_disk /var/lib/pam_ctr "$1" 2>&1) || {
		why=${why%%$'\n'*}
		skip "$1: a kept home is limited" "no $1 with project quotas can be mounted here: ${why##*: }"
		return
	}
	chmod 700 /var/lib/pam_ctr
	limited_to none
	on alice 'mkdir d; head -c 6M /dev/urandom >d/before; ln -s d l; mkfifo f'
	gone
	limited_to 16M
	is "$1: within the limit one writes" "$(on alice 'head -c 4M /dev/zero >a && mv d/before d/b && echo >>d/b && stat -c %s a')" 4194304
	like "$1: above it there is no room, what was there before counts" "$(on alice 'head -c 10M /dev/zero >c' 2>&1)" 'No space left|quota exceeded'
	hold alice
	like "$1: list shows use and limit" "$(ctrctl list | grep alice)" ' 1[0-6]M/16M$'
	like "$1: so does show" "$(ctrctl show alice)" '^home use +1[0-6]M of 16M kept$'
	like "$1: and status" "$(ctrctl home status alice)" '^  quota +1[0-6]M of 16M$'
	like "$1: and the numbers" "$(ctrctl metrics)" '^pam_ctr_user_home_bytes\{user="alice",uid="2001"\} 1[0-9]{7}$'
	like "$1: with the limit" "$(ctrctl metrics)" '^pam_ctr_user_home_max_bytes\{user="alice",uid="2001"\} 16777216$'
	like "$1: and as JSON" "$(ctrctl show alice --json)" '^ +"home_max": 16777216,$'
	release
	is "$1: what was kept is kept" "$(on alice 'rm -f c; stat -c %s a')" 4194304
	gone
	ctrctl home snapshot alice one >/dev/null
	succeeds "$1: a snapshot is not counted" on alice 'head -c 3M /dev/zero >c'
	gone
	is "$1: a home is restored" "$(ctrctl home restore alice one)" "alice: restored one"
	# xfs takes room ahead of what is written, and gives it back later.
	like "$1: it is counted" "$(ctrctl home status alice)" '^  quota +1[0-6]M of 16M$'
	fails "$1: and limited" on alice 'head -c 10M /dev/zero >c'
	gone
	ctrctl home commit alice >/dev/null
	is "$1: a commit makes room" "$(on alice 'rm -f c; head -c 12M /dev/zero >e && stat -c %s e')" 12582912
	gone
	limited_to none
	succeeds "$1: without the limit there is none" on alice 'head -c 30M /dev/zero >g'
	hold alice
	like "$1: the use is shown all the same" "$(ctrctl list | grep alice)" '[0-9]M/max$'
	release
	gone
	umount -l /var/lib/pam_ctr
}

try ext4
try xfs
done_testing
