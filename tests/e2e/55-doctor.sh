#!/bin/bash
# ctrctl doctor: what it says of PAM's stacks is what becomes of real logins; the rest against
# what was changed on purpose.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

# found WHAT: the levels and texts of what it found of one thing
found() {
	ctrctl doctor --json | perl -MJSON::PP -e 'for (@{decode_json(join "", <STDIN>)}) {
		print "$_->{level} $_->{text}\n" if $_->{what} eq $ARGV[0] }' "$1"
}

contained() {
	local host
	host=$(readlink /proc/self/ns/pid)
	case $(on alice 'readlink /proc/self/ns/pid' 2>/dev/null) in
	"") echo refused ;;
	"$host") echo outside ;;
	*) echo inside ;;
	esac
}

# stack NAME WANTED-LEVEL WANTED-LOGIN: standard input is sshd's session stack from now on
stack() {
	{ grep -v '^-\?session\|common-session' /tmp/sshd.pam; cat; } >/etc/pam.d/sshd.new
	mv /etc/pam.d/sshd.new /etc/pam.d/sshd
	like "$1: told" "$(found sshd)" "^$2 "
	[ "$2" != ok ] || unlike "$1: and no more" "$(found sshd)" '^(warn|fail) '
	is "$1: a login is" "$(contained)" "$3"
	wait_for 10 no_containers
}

cp /etc/pam.d/sshd /tmp/sshd.pam
policy <<<''
ctrctl doctor >/tmp/doctor
is "as installed: nothing fails" "$? $(grep -c FAIL /tmp/doctor)" "0 0"
for what in "release: Linux" "namespaces: mount" "cgroup memory: version" "shared: works here" "sealed: works here" \
	"machine: works here" "$(printf '%s' /etc/pam_ctr.conf): no faults" "sshd UsePAM: yes" \
	"sshd: pam_ctr.so is asked" "cron: pam_ctr.so is asked" "atd: pam_ctr.so is asked" "su: pam_ctr.so is asked"; do
	like "$what" "$(cat /tmp/doctor)" "^  ok +$what"
done
like "by a user, as far as it goes" "$(plain bob /usr/sbin/ctrctl doctor)" 'sshd: pam_ctr.so is asked'
succeeds "--json is JSON" bash -c "ctrctl doctor --json | perl -MJSON::PP -e 'decode_json(join \"\", <STDIN>)'"

stack "required, last" ok inside <<-END
	session required pam_unix.so
	session required pam_ctr.so
END
stack "none" fail outside <<-END
	session required pam_unix.so
END
stack "sufficient in front" fail outside <<-END
	session sufficient pam_permit.so
	session required pam_ctr.so
END
stack "a jump over it" fail outside <<-END
	session [success=1 default=ignore] pam_permit.so
	session required pam_ctr.so
	session required pam_permit.so
END
stack "a jump that ends in front of it" ok inside <<-END
	session [success=1 default=ignore] pam_permit.so
	session required pam_deny.so
	session required pam_ctr.so
END
echo 'session sufficient pam_permit.so' >/etc/pam.d/inner
stack "a substack that ends early" ok inside <<-END
	session substack inner
	session required pam_ctr.so
END
stack "the same included" fail outside <<-END
	session include inner
	session required pam_ctr.so
END
rm /etc/pam.d/inner
stack "an include of nothing" warn refused <<-END
	session include inner
	session required pam_ctr.so
END
stack "an unknown word" ok refused <<-END
	session requird pam_ctr.so
END
stack "optional, where it agrees" fail inside <<-END
	session required pam_unix.so
	session optional pam_ctr.so
END
policy <<<$'[default]\nseccomp = nonesuch'
is "optional, where it refuses: a login is" "$(contained)" outside
like "which the policy's check tells" "$(ctrctl check 2>&1)" nonesuch
policy <<<''
stack "a dash" warn inside <<-END
	session required pam_unix.so
	-session required pam_ctr.so
END
stack "systemd's behind it" warn inside <<-END
	session required pam_ctr.so
	session optional pam_systemd.so
END
cp /tmp/sshd.pam /etc/pam.d/sshd

# fails_with NAME REGEX: exit status 1, and this line
fails_with() {
	local output status=0
	output=$(ctrctl doctor 2>&1) || status=$?
	is "$1: exit status" "$status" 1
	like "$1" "$output" "^  FAIL +$2"
}

sed -i '/pam_ctr/d' /etc/pam.d/cron
fails_with "cron without" 'cron: has no pam_ctr.so'
echo 'session required pam_ctr.so' >>/etc/pam.d/cron
sed -i 's/^UsePAM.*/UsePAM no/' /etc/ssh/sshd_config
fails_with "sshd without PAM" 'sshd UsePAM: is not'
mkdir -p /etc/ssh/sshd_config.d
echo 'UsePAM yes' >/etc/ssh/sshd_config.d/pam.conf
sed -i '1i Include /etc/ssh/sshd_config.d/*.conf' /etc/ssh/sshd_config
unlike "an earlier yes wins" "$(ctrctl doctor)" 'FAIL +sshd UsePAM'
rm -r /etc/ssh/sshd_config.d
sed -i '/^Include/d; s/^UsePAM.*/UsePAM yes/' /etc/ssh/sshd_config
policy <<<$'[default]\nbogus = 1'
fails_with "a faulty policy" '/etc/pam_ctr.conf: 1 faults, the first: .*bogus'
policy <<<''
chmod 777 /usr/libexec/pam_ctr/init
fails_with "a program that others can write" '/usr/libexec/pam_ctr/init: '
chmod 755 /usr/libexec/pam_ctr/init
mv /usr/libexec/pam_ctr/subid /tmp/subid
fails_with "a program that is missing" '/usr/libexec/pam_ctr/subid: '
mv /tmp/subid /usr/libexec/pam_ctr/subid
echo 'docker:x:2999:alice,bob' >>/etc/group
like "a group that is root" "$(ctrctl doctor)" '^  warn +docker: .*alice, bob'
sed -i '/^docker:/d' /etc/group
printf 'session required pam_permit.so\n' >"/etc/pam.d/$(printf 'x\033]0;owned')"
like "a hostile name does not reach the terminal" "$(ctrctl doctor)" 'x\\x1b\]0;owned: has no pam_ctr.so'
rm /etc/pam.d/x*owned
hold alice
kill -KILL "$(ctrctl show alice --json | perl -MJSON::PP -e 'print decode_json(join "", <STDIN>)->{supervisor}{pid}')"
like "a container without its supervisor" "$(wait_for 5 test -n "$(ctrctl list | grep orphaned)"; ctrctl doctor)" '^  warn +alice: uid 2001: orphaned'
ctrctl gc >/dev/null
release
wait_for 10 no_containers
rm -f /tmp/doctor /tmp/sshd.pam
done_testing
