#!/bin/bash
# ctrctl log: sessions, limits and refusals from the host's log, followed through rotation.
# ctrctl show for a plain user.  JSON of all that prints.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

log=/var/log/auth.log

# ours USER...: without the kernel's refusals, which are the whole machine's
ours() { ctrctl log "$@" | grep -v '  call '; }

snapshot_take

# no log where any would be looked for
rm -f /var/log/{auth.log,secure,authlog,messages,syslog}
if [ ! -e /run/systemd/journal/socket ]; then
	ctrctl log >/tmp/out 2>&1
	is "no log: told" $? 4
	like "and what to do" "$(cat /tmp/out)" 'find where syslog puts authpriv.*--file'
fi
ctrctl log --file /nowhere 2>/dev/null
is "--file: not there" $? 4
ctrctl log --file /dev/null 2>/dev/null
is "--file: no file" $? 4
: >$log
ctrctl log dora >/tmp/out 2>&1
is "nothing yet" $? 1
like "where it was looked for" "$(cat /tmp/out)" "nothing of dora in $log"
rm /tmp/out

on alice true
on bob true
wait_for 10 no_containers
like "--file: the world's own" "$(ctrctl log alice --file "$WORLD_LOG")" '^20[0-9]{2}-[0-9-]+ [0-9:]+  session opened: user=alice uid=2001 session=s1 service=sshd '
unlike "others' are not shown" "$(ctrctl log alice --file "$WORLD_LOG")" 'bob'
like "all are" "$(ctrctl log --file "$WORLD_LOG")" 'user=bob'

# what a syslogd's file has, and what somebody put into it
iso() { date -d "@$1" +%Y-%m-%dT%H:%M:%S.123456%:z; }
now=$(date +%s)
{
	echo "$(date -d "@$((now - 300))" '+%b %e %H:%M:%S') host pam_ctr[7]: limit hit: user=alice uid=2001 limit=pids.max refused_forks=5"
	echo "$(iso $((now - 200))) host sshd[8]: pam_ctr(sshd:session): login refused: user=alice uid=2001 service=sshd reason=\"no cgroups\""
	echo "$(iso $((now - 100))) host pam_ctr[7]: session opened: user=bob uid=2002 session=s1 rhost=x user=alice"
	echo "$(iso $((now - 90))) host sshd[9]: Invalid user pam_ctr[1]: container built: user=alice from 1.2.3.4"
	printf '%s host pam_ctr[7]: container notice: user=alice uid=2001 \033]0;x\007 \302\233 bad\n' "$(iso $((now - 80)))"
} >$log
alices=$(ours alice --file $log)
is "alice's lines, and no others" "$(grep -c 'uid=2001' <<<"$alices")-$(grep -c bob <<<"$alices")-$(grep -c Invalid <<<"$alices")" 3-0-0
like "the module's refusal" "$alices" '  login refused: user=alice uid=2001 service=sshd reason="no cgroups"$'
like "nothing speaks to the terminal" "$alices" 'uid=2001 \\x1b\]0;x\\x07 \\xc2\\x9b bad$'
is "in the order of time" "$(grep uid=2001 <<<"$alices" | sed 's/.*  \([a-z]* [a-z]*\): .*/\1/' | tr '\n' ,)" "limit hit,login refused,container notice,"
echo "$(iso $((now - 400))) host pam_ctr[7]: container built: user=alice uid=2001 init=5 ms=9" >$log.1
like "what was rotated away last comes first" "$(ours alice | head -1)" 'container built: user=alice'
is "as JSON" "$(ctrctl log alice --json | perl -MJSON::PP -e '
	@l = grep { $_->{source} eq "pam_ctr" } @{decode_json(join "", <STDIN>)};
	print join "|", scalar(@l), $l[1]{event}, $l[1]{fields}{limit}, $l[2]{fields}{reason}, $l[1]{time}')" "4|limit hit|pids.max|no cgroups|$((now - 300))"

# followed
ctrctl log alice -f >/tmp/followed 2>/tmp/followed.err &
follower=$!
seen() { grep -q "$1" /tmp/followed; }
add() { echo "$(iso "$(date +%s)") host pam_ctr[7]: container notice: user=${2-alice} uid=${3-2001} $1" >>$log; }
succeeds "-f: what there is" wait_for 10 seen 'container notice'
add one
succeeds "-f: a line more" wait_for 10 seen ' one$'
mv $log $log.1
add to-the-old-one-is-lost-if-it-was-moved-first bob 2002
add two
succeeds "-f: rotated" wait_for 10 seen ' two$'
printf 'x' >>$log.1
add three
succeeds "-f: and on" wait_for 10 seen ' three$'
: >$log
add four
succeeds "-f: truncated" wait_for 10 seen ' four$'
printf '%s host pam_ctr[7]: container notice: user=alice uid=2001 half' "$(iso "$(date +%s)")" >>$log
sleep 0.3
unlike "-f: half a line is none" "$(cat /tmp/followed)" 'half'
echo ' and whole' >>$log
succeeds "-f: until it is whole" wait_for 10 seen 'half and whole$'
unlike "-f: nobody else's" "$(cat /tmp/followed)" 'bob'
rm $log
sleep 0.2
add five
succeeds "-f: removed and made anew" wait_for 10 seen ' five$'
before=$(awk '{ print $14 + $15 }' /proc/$follower/stat)
sleep 1
number "-f: sleeps while nothing comes" "$(($(awk '{ print $14 + $15 }' /proc/$follower/stat) - before))" -le 5
succeeds "-f: it is alive" kill -0 $follower
kill $follower
wait $follower 2>/dev/null
ctrctl log -f --json >/tmp/followed 2>/dev/null &
follower=$!
succeeds "-f --json: an object each" wait_for 10 seen '"event": "container notice"'
kill $follower
wait $follower 2>/dev/null
# shellcheck disable=SC2016 # for the inner shell
succeeds "-f: ends with who reads it" timeout $((20 * patience)) bash -c '{ ctrctl log -f; echo end >/tmp/ended; } | head -1 >/dev/null; until [ -e /tmp/ended ]; do echo "Nov 26 17:00:01 host pam_ctr[7]: x: user=alice" >>'$log'; sleep 0.1; done'
rm -f /tmp/followed /tmp/followed.err /tmp/ended $log $log.1

# where there is the journal alone
cat >/srv/journalctl <<'END'
#!/bin/sh
echo "2026-01-02T03:04:05+0000 host pam_ctr[7]: container built: user=alice uid=2001 from-the-journal"
echo "2026-01-02T03:04:05+0000 host cron[7]: not ours"
echo $$ >/srv/journalctl.pid
case " $* " in *" -f "*) exec sleep 3000 ;; esac
END
chmod 755 /srv/journalctl
if [ -e /usr/bin/journalctl ] && mount --bind /srv/journalctl /usr/bin/journalctl; then
	mkdir -p /run/systemd/journal
	: >/run/systemd/journal/socket
	is "journal" "$(ours alice)" "2026-01-02 03:04:05  container built: user=alice uid=2001 from-the-journal"
	ctrctl log alice -f >/tmp/followed 2>&1 &
	follower=$!
	succeeds "journal: -f" wait_for 10 seen from-the-journal
	kill $follower
	wait $follower 2>/dev/null
	kill "$(cat /srv/journalctl.pid)"
	umount /usr/bin/journalctl
	rm -r /run/systemd /tmp/followed
else
	skip "journal" "no journalctl on this machine"
fi
rm /srv/journalctl*

# a plain user's show
hold alice
ctrctl set alice memory.max=96M >/dev/null
own=$(on alice '/usr/sbin/ctrctl show')
like "show, by a user: whose" "$own" '^user +alice \(uid 2001\)$'
like "the state" "$own" '^state +inside your container$'
like "limits as they are now" "$own" '^memory +[0-9.]+[KM] of 96M,'
like "tasks" "$own" '^tasks +[0-9]+ of [0-9]+'
is "by the own name" "$(on alice '/usr/sbin/ctrctl show alice' | head -1)" "$(head -1 <<<"$own")"
is "as JSON" "$(on alice '/usr/sbin/ctrctl show --json' | perl -MJSON::PP -e '$j = decode_json(join "", <STDIN>); print "$j->{user} $j->{state} $j->{usage}{memory_max}"')" "alice inside 100663296"
on alice '/usr/sbin/ctrctl show bob' >/tmp/out 2>&1
is "another's: refused" $? 3
like "with the reason" "$(cat /tmp/out)" 'only root, on the host'
like "outside: told" "$(on dora '/usr/sbin/ctrctl show' 2>&1)" 'dora is not contained here'
is "and by the exit code" "$(on dora '/usr/sbin/ctrctl show >/dev/null 2>&1; echo $?')" 1
like "as JSON, too" "$(on dora '/usr/sbin/ctrctl show --json')" '"state": "not-contained"'
like "a login without pam_ctr" "$(plain alice '/usr/sbin/ctrctl show' 2>&1)" 'alice is not contained here'
is "root without a name" "$(ctrctl show >/dev/null 2>&1; echo $?)" 2
rm /tmp/out
like "show of root's tells what was set" "$(ctrctl show alice)" '^set +memory.max=96M$'

# JSON
json() { perl -MJSON::PP -e "my \$j = decode_json(join '', <STDIN>); print do { $1 }"; }
is "explain --json" "$(ctrctl explain alice --json | json '"$j->{user} " . (grep { $_->{key} eq "pids.max" && $_->{section} eq "default" } @{$j->{values}})[0]{value}')" "alice 2048"
is "explain --json: exempt" "$(ctrctl explain dora --json | json '$j->{contained} ? 1 : 0')" 0
number "plan --json" "$(ctrctl plan bob --json | json 'scalar(@{$j->{steps}})')" -gt 20
is "plan --json: each has a reason" "$(ctrctl plan bob --json | json 'scalar(grep { !$_->{because} || !$_->{kind} } @{$j->{steps}})')" 0
is "check --json" "$(ctrctl check --json 2>/dev/null | json '($j->{good} ? 1 : 0) . @{$j->{faults}}')" 10
printf '[host]\nbogus = 1\nother = 2\n' >/tmp/copy.conf
is "check --json: faults" "$(ctrctl check /tmp/copy.conf --json | json '($j->{good} ? 1 : 0) . @{$j->{faults}}')" 02
rm /tmp/copy.conf
is "seccomp list --json" "$(ctrctl seccomp list --json | json 'join ",", map { $_->{filter} } @$j')" "default,strict"
number "seccomp groups --json" "$(ctrctl seccomp groups --json | json 'scalar(@$j)')" -gt 5
is "seccomp show --json" "$(ctrctl seccomp show default --json | json '(grep { $_->{call} eq "read" } @$j)[0]{answers}{x86_64}')" "$(ctrctl seccomp show default | awk '$1 == "read" { print $2 }')"
is "devices --json" "$(ctrctl devices --json 2>/dev/null | json '(grep { $_->{node} eq "/dev/null" } @$j)[0]{number}')" "1:3"
kill -KILL "$(supervisors)"
wait_for 5 test -z "$(supervisors)"
is "gc --json" "$(ctrctl gc --json | json '"$j->[0]{user} $j->[0]{done} $j->[0]{sessions}"')" "alice adopted 1"
release
end_all
nothing_left "nothing is left"
done_testing
