#!/bin/bash
# Debian's own PAM files, with the lines of the package's profile where pam-auth-update puts them:
# in common-session and common-session-noninteractive, so that sshd, cron and atd run pam_limits
# and pam_env behind them, inside and without the host's root.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

profile=$WORLD_REPO/debian/pam-configs/pam_ctr
if [ ! -e "$profile" ] || ! grep -q '^@include common-session$' /etc/pam.d/sshd; then
	skip "stock stacks" "no profile, or no common-session of Debian's"
	done_testing
fi
rm -f /etc/pam_ctr.conf.d/00-profile.conf
policy </dev/null
snapshot_take

sed -i '/pam_ctr\.so/d' /etc/pam.d/*
sed -n '/^Session:/,$s/^\t/session\t/p' "$profile" >"$tap_dir/lines"
is "the profile has pam_ctr last" "$(tail -n 1 "$tap_dir/lines" | xargs)" "session required pam_ctr.so"
cp /etc/pam.d/common-session "$tap_dir/without"
cat "$tap_dir/without" "$tap_dir/lines" >"$tap_dir/with"
cp "$tap_dir/with" /etc/pam.d/common-session
cat "$tap_dir/lines" >>/etc/pam.d/common-session-noninteractive
# sshd-plain is to stay without.
cp "$tap_dir/without" /etc/pam.d/common-session-plain
sed -i 's/^@include common-session$/@include common-session-plain/' /etc/pam.d/sshd-plain
like "pam_limits comes behind in sshd's" "$(sed -n '/^@include common-session/,$p' /etc/pam.d/sshd)" '^session.*pam_limits'

policy_of() { # LINE...: of [default]
	policy < <(printf '%s\n' '[default]' "$@")
}
plain_su() { # COMMAND
	cp "$tap_dir/without" /etc/pam.d/common-session
	su - alice -c "$1"
	cp "$tap_dir/with" /etc/pam.d/common-session
}
limits_conf() { # LINE...
	mkdir -p /etc/security/limits.d
	printf '%s\n' "$@" >/etc/security/limits.d/test.conf
}
# All of them but the core file's, which the policy limits where cores go to a program.
limits='grep -v "^Max core" /proc/self/limits'
# Of processes plenty: in the host's user namespace those of the uid elsewhere count, too.
three="awk '/^Max (processes|open files|locked)/ { print \$(NF-2) \":\" \$(NF-1) }' /proc/self/limits | xargs"

# As labs have them: with limits that only a host's root with CAP_SYS_RESOURCE can raise.
if setpriv --dump | grep -q '^Capability bounding set:.*sys_resource'; then
	lab=('* hard nofile 600000' '* soft nofile 5000' '* - nproc 50000' '* - memlock 65536' '* - rtprio 7')
	high=1G
else
	lab=('* hard nofile 6000' '* soft nofile 900' '* - nproc 5000' '* - memlock 4096')
	high=8M
fi
bytes=$(numfmt --from=iec $high)
for profile in shared sealed machine; do
	policy_of "profile = $profile"
	limits_conf
	is "$profile: where the policy is silent, limits are as without pam_ctr" "$(on alice "$limits")" "$(plain alice "$limits")"
	is "$profile: su" "$(su - alice -c "$limits")" "$(plain_su "$limits")"
	limits_conf "${lab[@]}"
	is "$profile: and so they are with a limits.conf" "$(on alice "$limits")" "$(plain alice "$limits")"
	is "$profile: su" "$(su - alice -c "$limits")" "$(plain_su "$limits")"
	end_all
	policy_of "profile = $profile" 'rlimit.nofile = 300:400' 'rlimit.nproc = 3000' 'rlimit.memlock = 1M'
	is "$profile: the policy's hold against limits.conf" "$(on alice "$three")" "3000:3000 300:400 1048576:1048576"
	is "$profile: a second time" "$(on alice "$three")" "3000:3000 300:400 1048576:1048576"
	end_all
	limits_conf
	policy_of "profile = $profile" 'rlimit.nofile = 3000:4000' 'rlimit.nproc = 3000' "rlimit.memlock = $high"
	is "$profile: what the policy raises stays raised" "$(on alice "$three")" "3000:3000 3000:4000 $bytes:$bytes"
	limits_conf '* - nproc 2500'
	if [ $high = 1G ]; then
		is "$profile: the lower one of both counts" "$(on alice "$three")" "2500:2500 3000:4000 $bytes:$bytes"
	else
		fails "$profile: without CAP_SYS_RESOURCE the policy can't be raised above limits.conf" on alice true
	fi
	limits_conf
	end_all
done

# A service's own limits, whichever login built the container.
policy < <(printf '%s\n' '[default]' 'profile = sealed' '[service su]' 'rlimit.nofile = 100:200' 'rlimit.cpu = 1h')
cpu="awk '/^Max (cpu|open)/ { print \$(NF-2) \":\" \$(NF-1) }' /proc/self/limits | xargs"
hold alice
is "su beside an ssh login has its own" "$(su alice -c "$cpu")" "3600:3600 100:200"
release
end_all
su alice -c 'sleep 300 & echo' >/dev/null
is "ssh in su's container has not su's" "$(on alice "$cpu")" "$(plain alice "$cpu")"
end_all
policy_of 'profile = shared' 'nice = 4'
is "nice" "$(on alice nice)" 4
end_all

# The environment is put together behind, too.
policy_of 'profile = sealed'
echo 'FROM_HOST=yes' >>/etc/environment
is "pam_env" "$(on alice 'echo $FROM_HOST')" yes
on alice 'echo "FROM_HOME=yes" >.pam_environment'
is "the user's own environment" "$(on alice 'echo $FROM_HOME')" yes
end_all

# Root is let in past a module that is broken; nothing of the profile is for it.
echo '[default' >/etc/pam_ctr.conf.d/broken.conf
fails "a broken policy refuses alice" on alice true
succeeds "not root" su - root -c true
rm /etc/pam_ctr.conf.d/broken.conf
nothing_left "nothing is left"
done_testing
