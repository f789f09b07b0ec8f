#!/bin/bash
# Jobs of the host's own cron and atd, started as at boot: contained and limited, root's not.
# shellcheck source=guest.sh
. "$(dirname "$0")/guest.sh"

policy_of 'profile = sealed' 'pids.max = 77'
host 'service cron start; service atd start' >/dev/null 2>&1
host_waits 20 'pgrep -x cron && pgrep -x atd' || fail "cron and atd run"
snapshot_take

# Of ten seconds; the shell's own process counts, and what it starts.
probe='echo $(readlink /proc/self/ns/pid) $(cat /sys/fs/cgroup/pids.max) $(id -un) $(tty)'
host "mkdir -p -m 1777 /srv/jobs
printf 'MAILTO=\"\"\n* * * * * (%s) >job.new 2>&1; mv job.new .ssh/cron\n' '$probe' | crontab -u alice -
printf '* * * * * root (%s) >/srv/jobs/root.new 2>&1; mv /srv/jobs/root.new /srv/jobs/root\n' '$probe' >/etc/cron.d/ours
cd / && echo '($probe) >job.new 2>&1; mv job.new .ssh/at' >/srv/jobs/at.job
su-plain() { setpriv --reuid bob --regid bob --clear-groups env -C /home/bob HOME=/home/bob USER=bob LOGNAME=bob \"\$@\"; }
su-plain at -f /srv/jobs/at.job now" >"$tap_dir/at" 2>&1
like "at takes a job" "$(cat "$tap_dir/at")" 'job [0-9]+ at'
# .ssh is the real one: what a job writes there is seen outside.
host_waits 90 'test -e /home/bob/.ssh/at'
out=$(host 'cat /home/bob/.ssh/at')
contained "at" "$out"
like "at: of the user, limited" "$out" ' (77|109) bob '
host_waits 90 'test -e /home/alice/.ssh/cron && test -e /srv/jobs/root'
out=$(host 'cat /home/alice/.ssh/cron')
contained "cron" "$out"
like "cron: of the user, limited" "$out" ' (77|109) alice '
like "cron: root's is the host's" "$(host 'cat /srv/jobs/root')" "^${host_pid_namespace//[\[\]]/.} .*root"
host 'crontab -u alice -r; rm -rf /etc/cron.d/ours /srv/jobs /home/alice/.ssh/cron /home/bob/.ssh/at'
no_containers
nothing_left "nothing is left"
host 'service cron stop; service atd stop' >/dev/null 2>&1
done_testing
