#!/bin/bash
# su, sudo, login, cron and at: each the real program, each in the user's container.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

host=$(readlink /proc/self/ns/pid)
snapshot_take

contained() { # NAME, text with the PID namespace's link in it
	like "$1 gives a PID namespace" "$2" 'pid:\['
	unlike "$1 is not on the host" "$2" "$(tr -d '[]' <<<"${host#pid:}")"
}
probe='readlink /proc/self/ns/pid; id -un; pwd; exit 7'

out=$(cd /srv && su alice -c "$probe")
is "su: exit code" $? 7
contained "su" "$out"
is "su: user, and the directory it was started in" "$(tail -n +2 <<<"$out" | tr '\n' ' ')" "alice /srv "
out=$(su - alice -c "$probe; ")
is "su -: exit code" $? 7
contained "su -" "$out"
is "su -: user, home" "$(tail -n +2 <<<"$out" | tr '\n' ' ')" "alice /home/alice "
is "su -: reads the profile" "$(su - alice -c 'echo $TEST_PROFILE')" of-alice
tty=$(script -qec "su - alice -c 'tty; stty size; test -t 0 && echo terminal'" /dev/null </dev/null | tr -d '\r')
like "su - on a terminal: it has a name" "$tty" '^/dev/(pts/[0-9]+|tty|console)$'
like "and it is one" "$tty" '^terminal$'
is "su to root is not contained" "$(su - root -c 'readlink /proc/self/ns/pid')" "$host"
is "su to who is exempt is not contained" "$(su - dora -c 'readlink /proc/self/ns/pid')" "$host"
wait_for 10 no_containers
nothing_left "nothing is left of su"

out=$(sudo -u bob sh -c "$probe")
is "sudo -u: exit code" $? 7
contained "sudo -u" "$out"
like "sudo -u: user" "$out" '^bob$'
contained "sudo -u by dora" "$(on dora 'sudo -n -u bob readlink /proc/self/ns/pid')"
is "sudo to root by dora, who is exempt" "$(on dora 'sudo -n readlink /proc/self/ns/pid')" "$host"
contained "sudo -i -u" "$(sudo -i -u bob readlink /proc/self/ns/pid)"
wait_for 10 no_containers
nothing_left "nothing is left of sudo"

# runuser, whose PAM files have no line of ours as Debian ships them; a display manager, whose sessions have a
# display for a terminal, and a pipe for their input.
cp /etc/pam.d/runuser{,-l} "$tap_dir"
echo "session required pam_ctr.so" | tee -a /etc/pam.d/runuser >>/etc/pam.d/runuser-l
out=$(runuser alice -c "$probe")
is "runuser: exit code" $? 7
contained "runuser" "$out"
like "runuser: user" "$out" '^alice$'
contained "runuser -" "$(runuser - alice -c "$probe")"
contained "runuser -u" "$(runuser -u alice -- readlink /proc/self/ns/pid)"
cp "$tap_dir"/runuser{,-l} /etc/pam.d
cp /etc/pam.d/test /etc/pam.d/display
out=$(echo | pam_caller --service display --tty :0 --calls open,fork,close -- sh -c "$probe")
contained "a display manager's session" "$out"
like "and its program runs" "$out" '^fork: 7$'
rm /etc/pam.d/display
wait_for 10 no_containers
nothing_left "nothing is left of them"

# Whoever opened a session is killed: no close comes, and the session is over.
policy <<END
[default]
logout = kill
grace = 1
END
killed() { # NAME USER: the caller is the parent of the user's sleep
	local sleeper callers=()
	wait_for 20 pgrep -u "$2" -x sleep
	for sleeper in $(pgrep -u "$2" -x sleep); do
		callers+=("$(awk '/^PPid:/ { print $2 }' "/proc/$sleeper/status")")
	done
	is "$1 is what opened the session" "$(ps -o comm= -p "${callers[*]}" | sort -u)" "$1"
	kill -KILL "${callers[@]}"
	succeeds "$1 killed: its container ends" wait_for 15 no_containers
}
su alice -c 'exec sleep 600' &
by=$!
killed su alice
wait "$by" 2>/dev/null
sudo -u bob sleep 600 &
by=$!
killed sudo bob
wait "$by" 2>/dev/null
echo 'exec sleep 600' >/home/alice/.bash_login
mkfifo "$tap_dir/quiet"
script -qec "login -f alice" /dev/null <>"$tap_dir/quiet" >/dev/null &
by=$!
killed login alice
wait "$by" 2>/dev/null
rm /home/alice/.bash_login
nothing_left "nothing is left of those who were killed"

# login on a pseudo terminal, as getty starts it; who and last on the host.
cat >"$tap_dir/login.exp" <<'END'
set timeout 60
log_user 1
spawn -noecho login alice
set tty $spawn_out(slave,name)
expect "assword:" ; send "alice\r"
expect "\\$ " ; send "tty; readlink /proc/self/ns/pid; grep ^Seccomp: /proc/self/status; echo in=\$(id -un)\r"
expect "in=alice"
expect "\\$ " ; send "echo typed >/dev/tty; stty size >/dev/null && echo stty=fine\r"
expect "stty=fine"
puts "\nHOSTTTY $tty [exec stat -c %U:%G:%a $tty]"
for {set i 0} {$i < 100 && [exec who] eq ""} {incr i} { after 50 }
puts "WHO [exec who]"
puts "W [exec w -h]"
expect "\\$ " ; send "exit 5\r"
expect eof
catch wait result
puts "\nSTATUS [lindex $result 3]"
puts "AFTER [file exists $tty]"
END
out=$(LIMIT=40 limited expect "$tap_dir/login.exp" 2>&1 | tr -d '\r')
contained "login" "$(grep -a 'pid:\[' <<<"$out" | tail -1)"
like "login: the user is in" "$out" '^in=alice'
like "login: under a system call filter" "$out" '^Seccomp:.*2$'
like "login: its terminal has a name" "$out" '^/dev/(pts/[0-9]+|tty[0-9]*|console)$'
like "login: /dev/tty is it" "$out" '^typed'
like "login: stty works on it" "$out" 'stty=fine'
like "login: who on the host shows it" "$out" '^WHO .*alice +pts/'
like "login: so does w" "$out" '^W .*alice +pts/'
like "login: last on the host shows it" "$(last -f /var/log/wtmp -w)" '^alice +pts/'
wait_for 10 no_containers
is "login: nobody is logged in afterwards" "$(who | grep -c alice)" 0
coproc WHO { exec script -qec "ssh -tt alice@world 'echo ready; exec cat'" /dev/null 2>&1; }
who_pid=$WHO_PID
read -r -t $((20 * patience)) -u "${WHO[0]}" _
like "ssh: who on the host shows it" "$(wait_for 5 bash -c 'who | grep -q alice'; who)" '^alice +u2001/.*127\.0\.0\.1'
like "ssh: so does last" "$(wait_for 5 bash -c "last -f /var/log/wtmp | grep -q 'still logged in'"; last -f /var/log/wtmp -w)" '^alice +u2001/.*127\.0\.0\.1.*still logged in'
kill "$who_pid"
wait "$who_pid" 2>/dev/null
like "ssh: last knows the end" "$(wait_for 10 bash -c "! last -f /var/log/wtmp | grep -q 'still logged in'"; last -f /var/log/wtmp -w)" '^alice +u2001/.*127\.0\.0\.1.* - '
wait_for 10 no_containers
nothing_left "nothing is left of login"

# cron and at: the daemons as they are; each runs its jobs within a minute.
cron_probe='readlink /proc/self/ns/pid; id -un; grep ^Seccomp: /proc/self/status; echo finished'
echo "* * * * * ($cron_probe) >/srv/cron.alice 2>&1" | crontab -u alice -
echo "* * * * * root ($cron_probe) >/srv/cron.root 2>&1" >/etc/cron.d/root
echo '* * * * * exec sleep 600' | crontab -u carol -
chmod 1777 /srv
rm -f /run/crond.pid
cron -f &
cron=$!
atd -f &
atd=$!
# at tells atd by SIGHUP, which it must be able to take; else the job waits for an hour.
atd_listens() {
	local caught
	[ -s /run/atd.pid ] && caught=$(awk '/^SigCgt/ { print $2 }' "/proc/$atd/status") && ((0x$caught & 1))
}
wait_for 20 atd_listens
# From /: at goes back to where it was called, and /tmp or /var/tmp are not the same inside.
echo "($cron_probe) >/srv/at.bob 2>&1" >"$tap_dir/job"
chmod 755 "$tap_dir" && chmod 644 "$tap_dir/job"
like "at takes a job" "$(setpriv --reuid bob --regid bob --clear-groups env -C / HOME=/home/bob USER=bob LOGNAME=bob at now <"$tap_dir/job" 2>&1)" "job [0-9]+ at"
wait_for 70 grep -q finished /srv/at.bob
contained "at" "$(cat /srv/at.bob 2>&1)"
like "at: user" "$(cat /srv/at.bob 2>&1)" '^bob$'
like "at: under a system call filter" "$(cat /srv/at.bob 2>&1)" '^Seccomp:.*2$'
wait_for 75 grep -q finished /srv/cron.alice
contained "cron" "$(cat /srv/cron.alice 2>&1)"
like "cron: user" "$(cat /srv/cron.alice 2>&1)" '^alice$'
like "cron: under a system call filter" "$(cat /srv/cron.alice 2>&1)" '^Seccomp:.*2$'
wait_for 5 grep -q finished /srv/cron.root
like "cron: root's jobs stay on the host" "$(cat /srv/cron.root 2>&1)" "$(tr -d '[]' <<<"${host#pid:}")"
crontab -u alice -r
crontab -u carol -r
killed cron carol
kill "$cron" "$atd"
wait "$cron" "$atd" 2>/dev/null
rm -f /srv/cron.* /srv/at.* /etc/cron.d/root /run/{crond,atd}.pid /run/crond.reboot
wait_for 10 no_containers
nothing_left "nothing is left of cron and at"
done_testing
