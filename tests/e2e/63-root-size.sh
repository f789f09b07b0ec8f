#!/bin/bash
# root_size: a project quota on what root inside keeps, and a clear refusal where there is none.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=../lib/quota.sh
. "$(dirname "$0")/../lib/quota.sh"

policy <<END
[user alice]
profile = machine
root_size = 64M
END

install -d -m 700 /var/lib/pam_ctr
if [ "$(findmnt -no OPTIONS /var | grep -c prjquota)" = 0 ]; then
	log_mark
	fails "without quotas nobody gets an unlimited root instead" on alice true
	logged "and the log says what to do" 'login refused: user=alice .*root_size: set a project quota: .*prjquota'
	succeeds "others log in" on bob true
	wait_for 10 no_containers
fi

why=$(quota_disk /var/lib/pam_ctr 2>&1) || {
	why=${why%%$'\n'*}
	skip "a kept root is limited" "no file system with project quotas can be mounted here: ${why##*: }"
	done_testing
	exit
}
is "within the limit root inside writes" "$(on alice 'sudo head -c 40M /dev/zero >/tmp/x && sudo cp /tmp/x /opt/a && stat -c %s /opt/a')" 41943040
like "above it there is no room" "$(on alice 'sudo cp /tmp/x /opt/b; sudo head -c 40M /dev/zero | sudo tee /opt/c >/dev/null' 2>&1)" 'No space left|quota exceeded'
is "and what was kept is kept" "$(on alice 'stat -c %s /opt/a')" 41943040
end_all
wait_for 10 no_containers
umount -l /var/lib/pam_ctr
done_testing
