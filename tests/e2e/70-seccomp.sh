#!/bin/bash
# System call filters: each login is under the one that the policy names, which is compiled once
# and never taken on trust; an admin sees what was refused.  What a filter says of each call is
# 72-syscalls.sh, what programs do under it 73-programs.sh.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

own=/etc/pam_ctr.seccomp.d
cache=/var/lib/pam_ctr/seccomp
shipped=/usr/libexec/pam_ctr/seccomp
try=/usr/libexec/pam_ctr-test/syscalls
status='awk "/^Seccomp/ { print \$2 }" /proc/self/status | tr "\n" " "; echo'
rm -f /etc/pam_ctr.conf.d/00-profile.conf
mkdir -p $own
chmod 755 $own
policy </dev/null
snapshot_take

filter() { # NAME, its text on standard input
	install -m 644 /dev/stdin "$own/$1"
}

policy_of() { # LINE...: of [default]
	policy < <(printf '%s\n' '[default]' "$@")
}

# --- each login has it ---------------------------------------------------------------------------

for profile in shared sealed machine; do
	policy_of "profile = $profile"
	is "$profile: sshd" "$(on alice "$status")" "2 3 "
	is "$profile: su" "$(su - alice -c "$status")" "2 3 "
	is "$profile: a terminal" "$(on_tty alice "$status")" "2 3 "
	is "$profile: ctrctl enter" "$(hold alice; ctrctl enter alice -- sh -c "$status"; release)" "2 3 "
	is "$profile: sftp" "$(sftp -q -b - alice@world <<<pwd 2>&1 | tail -1)" "Remote working directory: /home/alice"
	if [ -x $try ]; then
		is "$profile: nobody types into a terminal" "$(on alice "$try x86_64 16,-1,0x5412 16,-1,0xdeadbeef00005412; \
			$try int80 54,-1,0x5412; ${try}32 i386 54,-1,0x5412; $try x32 514,-1,0x5412" | grep -c 'errno=1 ')" 5
	else
		skip "$profile: nobody types into a terminal" "the probe is for x86"
	fi
	end_all
done
log_mark
policy_of 'profile = sealed' 'nesting = no'
like "no nesting: the filter says no" "$(on alice 'unshare -U true' 2>&1)" 'unshare failed: Operation not permitted'
policy_of 'profile = sealed' 'nesting = no' 'seccomp = none'
is "none: there is no filter" "$(on alice "$status")" "0 0 "
like "none: the limit of user namespaces is there still" "$(on alice 'unshare -U true' 2>&1)" 'unshare failed: No space left'
end_all
policy_of 'profile = sealed' 'nesting = yes'
is "nesting: a namespace, and mounts in it" "$(on alice 'unshare -Urm sh -c "mount -t tmpfs x /mnt && echo mounted"' 2>&1)" mounted
policy_of 'profile = sealed' 'nesting = yes' 'seccomp = strict'
like "strict: not even with nesting" "$(on alice 'unshare -U true' 2>&1)" 'Operation not permitted'
like "strict: no tracing" "$(on alice 'strace true' 2>&1)" 'Operation not permitted'
is "strict: a shell, its tools and a pipe" "$(on alice 'ls /etc | grep -c ^passwd$')" 1
is "strict: on a terminal" "$(on_tty alice "$status")" "2 3 "
is "strict: su" "$(su - alice -c "$status")" "2 3 "
is "strict: sftp" "$(sftp -q -b - alice@world <<<pwd 2>&1 | tail -1)" "Remote working directory: /home/alice"
end_all

# --- by user, group and service; two logins of one container -----------------------------------------

policy <<-END
	[group $(id -gn alice)]
	seccomp = strict
	[user carol]
	seccomp = none
	[service su]
	seccomp = default
END
on_strict='strace -o /dev/null true >/dev/null 2>&1; echo $?'
is "a group's" "$(on alice "$on_strict") $(on bob "$on_strict")" \
	"1 0"
is "a user's" "$(on carol "$status")" "0 0 "
hold alice
is "a service's, beside another login" "$(on alice 'strace true >/dev/null 2>&1; echo $?; readlink /proc/self/ns/pid' | tr '\n' ' ')$(su alice -c \
	'strace true >/dev/null 2>&1; echo $?; readlink /proc/self/ns/pid' | tr '\n' ' ')" \
	"1 $(on alice 'readlink /proc/self/ns/pid') 0 $(on alice 'readlink /proc/self/ns/pid') "
release
end_all

# --- the admin's own ---------------------------------------------------------------------------------

filter lab <<-END
	include default
	deny mkdir mkdirat EOWNERDEAD   # nobody's own
	log chdir
	kill acct
	deny socket int0==AF_INET6 EAFNOSUPPORT
END
policy_of 'seccomp = lab'
like "an error of one's choice" "$(on alice 'mkdir /tmp/x' 2>&1)" 'Owner died'
is "logged, and allowed" "$(on alice 'cd /tmp && pwd')" /tmp
if [ -x $try ]; then
	like "killed" "$(on alice "$try x86_64 163")" ' 163 killed '
	like "killed by a 32-bit program's number" "$(on alice "$try int80 51")" ' 51 killed '
fi
like "a test of an argument" "$(on alice 'python3 -c "import socket; socket.socket(socket.AF_INET6)"' 2>&1)" 'Address family not supported'
is "that says no more than that" "$(on alice 'python3 -c "import socket; socket.socket(); print(1)"' 2>&1)" 1
cp $shipped/default $own/default
echo 'deny mkdir mkdirat EOWNERDEAD' >>$own/default
policy_of 'seccomp = default'
like "one of a shipped name wins" "$(on alice 'mkdir /tmp/x' 2>&1)" 'Owner died'
rm $own/default
is "and is gone with its text" "$(on alice 'mkdir /tmp/x && echo made' 2>&1)" made
end_all

# --- refused, and never less -------------------------------------------------------------------------

refused_because() { # NAME REGEX
	log_mark
	fails "$1: no login" on alice true
	logged "$1: the log says why" "$2"
	is "$1: root comes in" "$(su - root -c 'echo in')" in
	is "$1: so does who is exempt" "$(on dora 'echo in')" in
	is "$1: others' logins go on" "$(on bob "$status")" "2 3 "
}
others() { # LINE: alice's own
	policy < <(printf '%s\n' '[user alice]' "$@")
}
others 'seccomp = missing'
refused_because "a filter that is not there" 'seccomp = missing: there is no filter .missing.: neither in /etc/pam_ctr.seccomp.d nor in'
like "check tells it" "$(ctrctl check 2>&1)" '^/etc/pam_ctr.conf:[0-9]+: seccomp: the filter "missing" cannot be used'
fails "and fails" ctrctl check
filter broken < <(printf 'include default\n\nallow frobnicate\n')
others 'seccomp = broken'
refused_because "a fault in a text" "seccomp = broken: $own/broken:3: there is no system call .*frobnicate"
like "check tells where" "$(ctrctl check 2>&1)" "^$own/broken:3: there is no system call \"frobnicate\""
filter broken <$shipped/default
chmod 664 $own/broken
refused_because "a text that others may write" "seccomp = broken: .*$own/broken"
chmod 644 $own/broken
is "mended: the next login is let in" "$(on alice "$status")" "2 3 "
mv /usr/libexec/pam_ctr/filter /usr/libexec/pam_ctr/filter.away
rm -r $cache
refused_without_compiler() {
	log_mark
	fails "no compiler and no cache: no login" on carol true
	logged "the log says what is missing" 'libexec/pam_ctr/filter: No such file or directory'
}
refused_without_compiler
mv /usr/libexec/pam_ctr/filter.away /usr/libexec/pam_ctr/filter
end_all

# --- compiled once, and never taken on trust ----------------------------------------------------------

policy_of 'profile = sealed'
entry() {
	stat -c '%i %Y' $cache/default
}
is "login" "$(on alice echo in)" in
first=$(entry)
is "the cache is root's alone" "$(stat -c '%U %a' $cache $cache/default | tr '\n' ' ')" "root 700 root 600 "
end_all
is "used again by the next container" "$(on bob "$status") $(entry)" "2 3  $first"
head -c 4000 /dev/zero | dd of=$cache/default bs=1 seek=5000 conv=notrunc status=none
log_mark
is "a damaged one is made anew" "$(on alice "$status")" "2 3 "
isnt "by the compiler" "$(entry)" "$first"
truncate -s 100 $cache/default
is "so is a short one" "$(on alice "$status")" "2 3 "
printf '' >$cache/default
is "and an empty one" "$(on alice "$status")" "2 3 "
rm $cache/default
ln -s /etc/passwd $cache/default
is "a link is not followed" "$(on alice "$status") $(stat -c %F $cache/default) $(head -c 4 /etc/passwd)" "2 3  regular file root"
is "nothing else is in there" "$(find $cache -name '*.new')" ""
first=$(entry)
touch /usr/libexec/pam_ctr/filter
is "another compiler makes it anew" "$(on alice "$status") $([ "$(entry)" = "$first" ] || echo other)" "2 3  other"
end_all
# Five at once, with nothing in the cache.
rm -r $cache
for user in alice bob carol alice bob; do
	on $user "$status" >"$tap_dir/at-once.$user.$RANDOM" &
	at_once+=($!)
done
wait "${at_once[@]}"
is "five at once" "$(cat "$tap_dir"/at-once.* | sort | uniq -c | xargs)" "5 2 3"
end_all
rm -r $cache
succeeds "check fills it" ctrctl check
is "for the policy's filters" "$(find $cache -type f -printf '%f ' | xargs -n1 | sort | xargs)" "default default.nesting"

# --- what an admin sees --------------------------------------------------------------------------------

like "explain" "$(ctrctl explain alice)" '^ *seccomp = default'
like "plan" "$(ctrctl plan alice | tail -1)" '^session +seccomp +value=default'
is "list" "$(ctrctl seccomp list | cut -f 1 | sort | tr '\n' ' ')" "broken default lab strict "
like "groups" "$(ctrctl seccomp groups)" '^@mount: '
like "show: a call for each kind of program" "$(ctrctl seccomp show default)" '^mount +EPERM'
like "show: with nesting" "$(ctrctl seccomp show default --nesting)" '^mount +allow'
like "show: where arguments decide" "$(ctrctl seccomp show default)" '^ioctl: int1==0x5412 EPERM$'
like "show: a draft's fault" "$(ctrctl seccomp show $own/../pam_ctr.conf 2>&1)" 'pam_ctr.conf:1: '
fails "show: what is not there" ctrctl seccomp show missing
out=$(ctrctl seccomp test strict -- sh -c 'unshare -U true; exit 3' 2>&1)
is "test: exit status" $? 3
like "test: what was refused" "$out" '^ctrctl: unshare \(.*\) by unshare: EPERM, 1 time$'
like "test: nothing" "$(ctrctl seccomp test default -- true 2>&1)" 'nothing was refused'
is "test: a user's" "$(setpriv --reuid alice --regid alice --clear-groups ctrctl seccomp test default -- id -un 2>/dev/null)" alice
ctrctl seccomp test default -- /nowhere/no >/dev/null 2>&1
is "test: no such command" $? 127
filter killer < <(printf 'include default\nkill acct\n')
if [ -x $try ]; then
	like "test: a killed call" "$(ctrctl seccomp test killer -- setpriv --reuid alice --regid alice --clear-groups $try x86_64 163 2>&1)" ' 163 killed '
	# The kernel's log drops lines where many come: said again until it is there.
	miss=/srv/miss.$$
	install -m 755 $try $miss
	policy_of 'profile = sealed'
	missed() {
		on alice "$miss x86_64 167" >/dev/null
		ctrctl log alice --file "$WORLD_LOG" >"$tap_dir/missed" 2>&1
		grep -q "$miss" "$tap_dir/missed"
	}
	wait_for 60 missed
	like "log: the user, the call, the program" "$(cat "$tap_dir/missed")" "^20[0-9: -]+  call refused: user=alice uid=2001 pid=[0-9]+ call=swapon kind=x86_64 program=\"$miss\"\$"
	unlike "log: others' are not shown" "$(ctrctl log carol --file "$WORLD_LOG" 2>&1)" "$miss"
	like "log: all" "$(ctrctl log --file "$WORLD_LOG")" "$miss"
	rm $miss
	end_all
fi
is "log: only root" "$(setpriv --reuid alice --regid alice --clear-groups ctrctl log >/dev/null 2>&1; echo $?)" 3
nothing_left "nothing is left"
done_testing
