#!/bin/bash
# Profile machine, as a user has it: root inside by sudo, packages, accounts, /etc broken and left
# broken, found as it was left, reset; and nothing of it outside.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

rm /etc/pam_ctr.conf.d/00-profile.conf
policy <<END
[default]
profile = machine
END

# COMMAND in a login of alice's, as root there
root_in() {
	on alice "sudo -n bash -c $(printf %q "$1")"
}

# What a host has that a container could change, by content; not what changes by itself.
host_tree() {
	find /etc /usr/sbin /usr/libexec /home /root /srv /opt /var -xdev ! -path '/var/lib/pam_ctr*' \
		! -path '/var/log/*' ! -path "$WORLD_REPO/*" ! -path /etc/pam_ctr.conf \( -type f -exec sha256sum {} + -o -true \) 2>/dev/null | LC_ALL=C sort
	find /etc /usr/sbin /usr/libexec /home /root /srv /opt /var /bin /lib /usr -xdev ! -path '/var/lib/pam_ctr*' \
		! -path '/var/log/*' ! -path "$WORLD_REPO/*" -printf '%p %y %m %U %G %l\n' | LC_ALL=C sort
}

host_is_same() { # NAME
	host_tree >"$tap_dir/tree"
	if cmp -s "$tap_dir/tree" "$tap_dir/tree.before"; then ok "$1"; else
		fail "$1" "$(diff "$tap_dir/tree.before" "$tap_dir/tree" | grep '^[<>]')"
	fi
}

# --- a package of one's own: what postinst, conffiles, setuid and accounts need ------------------

make_package() { # VERSION
	local tree=/srv/tool
	rm -rf "$tree"
	mkdir -p "$tree"/DEBIAN "$tree"/usr/bin "$tree"/etc/tool "$tree"/var/lib/tool
	cat >"$tree/DEBIAN/control" <<-END
		Package: ctr-tool
		Version: $1
		Architecture: all
		Maintainer: nobody <nobody@localhost>
		Description: what a package does as root
	END
	echo /etc/tool/conf >"$tree/DEBIAN/conffiles"
	cat >"$tree/DEBIAN/postinst" <<-'END'
		#!/bin/sh
		set -e
		[ "$1" = configure ] || exit 0
		getent passwd ctrtool >/dev/null || useradd --system --no-create-home ctrtool
		chown ctrtool: /var/lib/tool
		echo "$2" >/var/lib/tool/before
		chown root:ctrtool /usr/bin/ctr-tool-id
		chmod 4755 /usr/bin/ctr-tool-id
	END
	cat >"$tree/DEBIAN/postrm" <<-'END'
		#!/bin/sh
		set -e
		if [ "$1" = purge ]; then
			rm -rf /var/lib/tool
			userdel ctrtool
		fi
	END
	chmod 755 "$tree"/DEBIAN/post*
	echo "version=$1" >"$tree/etc/tool/conf"
	cp /usr/bin/id "$tree/usr/bin/ctr-tool-id"
	echo "$1" >"$tree/usr/bin/ctr-tool-version"
	dpkg-deb --build --root-owner-group "$tree" "/srv/tool_$1.deb" >/dev/null
	rm -rf "$tree"
}

# An empty system of packages: the machine's own would be 40 MB.
mkdir -p /var/lib/dpkg/{info,updates,triggers} /var/lib/apt/lists/partial /var/cache/apt/archives/partial
touch /var/lib/dpkg/{status,available,lock,lock-frontend,triggers/Lock,triggers/Unincorp}
chmod 700 /var/lib/apt/lists/partial /var/cache/apt/archives/partial
chmod 640 /var/lib/dpkg/lock /var/lib/dpkg/lock-frontend /var/lib/dpkg/triggers/Lock
make_package 1
make_package 2
mkdir -p /etc/old.d/sub /opt
echo 1 >/etc/old.d/a
echo 2 >/etc/old.d/b
echo 3 >/etc/old.d/sub/c
host_tree >"$tap_dir/tree.before"
snapshot_take

is "sudo gives the container's root, without a prompt" "$(on alice 'id -u; sudo -n id')" "2001
uid=0(root) gid=0(root) groups=0(root)"
is "nobody else's" "$(on alice 'sudo -n cat /proc/self/uid_map' | awk '{ print $1, $2 }' | head -2)" "0 200100000
2001 2001"
is "host root is not even named" "$(on alice 'stat -c "%U %u" /etc/hostname /usr/bin/id' | sort -u)" "root 0"

# --- packages ------------------------------------------------------------------------------------

like "dpkg installs a package" "$(root_in 'dpkg -i /srv/tool_1.deb; echo status $?')" '^status 0$'
is "its setuid program is the container's root's" "$(on alice 'ctr-tool-id -u; stat -c "%a %U %G" /usr/bin/ctr-tool-id')" "0
4755 root ctrtool"
is "its account is there" "$(on alice 'id -un ctrtool; stat -c %U /var/lib/tool; getent passwd ctrtool' | cut -d: -f1)" "ctrtool
ctrtool
ctrtool"
root_in 'echo mine >>/etc/tool/conf'
like "an upgrade keeps a changed conffile" \
	"$(root_in 'dpkg -i --force-confold /srv/tool_2.deb; echo status $?')" '^status 0$'
is "and brings the rest" "$(on alice 'cat /usr/bin/ctr-tool-version /etc/tool/conf /var/lib/tool/before')" "2
version=1
mine
1"
like "apt-get purges it" "$(root_in 'apt-get -qq -y purge ctr-tool; echo status $?')" '^status 0$'
is "without a rest" "$(on alice 'ls -d /etc/tool /var/lib/tool /usr/bin/ctr-tool* 2>/dev/null; getent passwd ctrtool')" ""
like "apt-get installs it from its file, with no network" \
	"$(root_in 'apt-get -qq -y install /srv/tool_2.deb; echo status $?')" '^status 0$'

# --- accounts ------------------------------------------------------------------------------------

like "useradd, chpasswd, passwd -S" \
	"$(root_in 'useradd -m -s /bin/bash eve && echo eve:secret | chpasswd && passwd -S eve')" '^eve P '
is "su to that user, with the password" "$(on alice 'echo secret | su - eve -c "id -un; pwd" 2>/dev/null')" "eve
/home/eve"
isnt "and not with another" "$(on alice 'echo wrong | su - eve -c id >/dev/null 2>&1; echo $?')" 0
is "the host's passwords are no passwords inside" \
	"$(on alice 'echo bob | su - bob -c id >/dev/null 2>&1; echo $?; sudo -n cut -d: -f2 /etc/shadow | grep -c "^\\$"')" "1
1"
is "groupadd, usermod, newgrp's group counts after the next login in there" \
	"$(root_in 'groupadd crew && usermod -aG crew eve && su eve -c "id -Gn"')" "eve crew"
is "root inside becomes any of its users" "$(root_in 'su - bob -c "id -u"')" 2002

# --- files ---------------------------------------------------------------------------------------

is "chown, chmod, hard links on what is the host's" "$(root_in '
	chown daemon:mail /etc/hosts && chmod 600 /etc/hosts && stat -c "%U %G %a" /etc/hosts
	ln /etc/issue /etc/issue2 && echo linked >>/etc/issue2 && tail -1 /etc/issue; stat -c %h /etc/issue')" "daemon mail 600
linked
2"
is "directories of the host's are renamed, and back" "$(root_in '
	mv /usr/share/perl /usr/share/perl-away && ls /usr/share/perl-away | wc -l
	mv /usr/share/perl-away /usr/share/perl && ls -d /usr/share/perl*')" "$(find /usr/share/perl -mindepth 1 -maxdepth 1 | wc -l)
$(ls -d /usr/share/perl*)"
if command -v setcap >/dev/null; then
	is "file capabilities count, over the container's own" "$(root_in '
		cp /usr/bin/cat /usr/local/bin/capable && setcap cap_dac_override+ep /usr/local/bin/capable
		echo closed >/etc/closed && chmod 0 /etc/closed'
		on alice '/usr/local/bin/capable /etc/closed')" closed
	is "outside they are of a root that is nobody" "$(find /var/lib/pam_ctr/2001 -name capable -exec getcap -n {} + | sed 's/.*\[/[/')" \
		"[rootid=200100000]"
else
	skip "file capabilities" "no setcap here"
fi
root_in 'rm -r /etc/old.d && mkdir /etc/old.d && echo new >/etc/old.d/b
	rm /etc/fstab; echo x >/etc/zz-new; : >"/etc/zz-odd
$(printf "\033")"; chmod 700 /etc/skel; mv /etc/apt /etc/apt-away; rm -f /etc/nsswitch.conf'

host_is_same "nothing of all this is outside"
wait_for 10 no_containers
is "the next login finds it as it was left" "$(on alice '
	cat /etc/old.d/* /etc/zz-new /usr/bin/ctr-tool-version; ls -d /etc/apt* /etc/fstab 2>/dev/null; stat -c %a /etc/skel; getent passwd eve' | sed 's/:.*//')" "new
x
2
/etc/apt-away
700
eve"
is "another user has none of it" "$(on bob 'ls -d /etc/zz-new /usr/bin/ctr-tool-id 2>/dev/null; getent passwd eve; sudo -n id -u')" 0

# --- su, login, cron: as sshd -----------------------------------------------------------------------

is "su from the host's root lands in it" "$(su - alice -c 'cat /etc/zz-new; sudo -n id -u' </dev/null)" "x
0"
is "its sudo too, on a terminal" "$(on_tty alice 'sudo id -u; tty')" "0
/dev/pts/0"
is "a job of cron's" "$(pam_caller --service cron --user alice --calls open,fork,close -- \
	sudo -n cat /etc/zz-new 2>/dev/null | grep -x x)" x
cat >"$tap_dir/login.exp" <<'END'
	set timeout 60
	spawn -noecho login -f alice
	expect -re {\$ $} { send "sudo id -u; cat /etc/zz-new; tty; exit\r" }
	expect eof
END
out=$(LIMIT=40 limited expect "$tap_dir/login.exp" 2>&1 | tr -d '\r' | grep -A2 -x 0)
like "login on a terminal" "$(tr '\n' ' ' <<<"$out")" '^0 x /dev/'
end_all

# --- root diff, root reset ----------------------------------------------------------------------------

ctrctl root diff alice >"$tap_dir/diff"
for line in 'A /usr/bin/ctr-tool-id' 'A /etc/zz-new' 'A /etc/zz-odd\x0a\x1b' 'D /etc/fstab' 'D /etc/old.d/a' \
	'D /etc/old.d/sub' 'M /etc/old.d/b' 'M /etc/passwd' 'M /etc/hosts' 'M /etc/skel' 'D /etc/apt' 'A /etc/apt-away' 'A /home/eve/.profile' \
	'D /etc/nsswitch.conf'; do
	if grep -Fxq -- "$line" "$tap_dir/diff"; then ok "root diff: $line"; else fail "root diff: $line" "$(cat "$tap_dir/diff")"; fi
done
unlike "and nothing that is as it was" "$(cat "$tap_dir/diff")" ' /(etc|etc/old.d|usr|usr/bin|usr/share/perl|var|home)$'
is "root diff --json says the same" "$(ctrctl root diff alice --json | perl -MJSON::PP -e '
	local $/; for (@{decode_json(<STDIN>)}) { print uc(substr($_->{change}, 0, 1)) eq "C" ? "M" : uc substr($_->{change}, 0, 1), "\n" }' |
	sort | uniq -c)" "$(cut -c1 "$tap_dir/diff" | sort | uniq -c)"
is "it tells where a renamed directory was" "$(ctrctl root diff alice --json | perl -MJSON::PP -e '
	local $/; for (@{decode_json(<STDIN>)}) { print $_->{from}, "\n" if $_->{path} eq "/etc/apt-away" }')" /etc/apt
is "a user is told no" "$(setpriv --reuid bob --regid bob --clear-groups ctrctl root diff alice >/dev/null 2>&1; echo $?)" 3
hold alice
like "root reset is refused while the container lives" "$(ctrctl root reset alice 2>&1; echo "status $?")" 'ctrctl kill alice'
is "with an exit status of its own" "$(ctrctl root reset alice >/dev/null 2>&1; echo $?)" 1
is "and nothing is lost" "$(on alice 'cat /etc/zz-new')" x
release
wait_for 10 no_containers
before=$(find /var/lib/pam_ctr/2001/root | wc -l)
bash -c 'strace -o /dev/null -e trace=unlinkat -e inject=unlinkat:signal=KILL:when=60 ctrctl root reset alice; :' >/dev/null 2>&1
is "a reset killed in the middle left no store" "$(ls /var/lib/pam_ctr/2001/)" "home
reset"
number "but a part of what it was removing" "$(find /var/lib/pam_ctr/2001/reset | wc -l)" -lt "$before"
is "what a login then finds is the host's" "$(on alice 'cat /etc/old.d/*; ls /etc/zz-new 2>/dev/null' 2>/dev/null)" "1
2"
root_in 'echo again >/etc/zz-new'
wait_for 10 no_containers
is "reset again takes both" "$(ctrctl root reset alice; ls /var/lib/pam_ctr/2001)" "alice: reset
home"
is "and once more has nothing to do" "$(ctrctl root reset alice; echo $?)" "alice: nothing was kept
0"
is "the next login is pristine" "$(on alice 'cat /etc/old.d/a; ls -d /etc/zz-new /etc/apt-away /home/eve 2>/dev/null; sudo -n id -u')" "1
0"
wait_for 10 no_containers
is "which root diff says, too" "$(ctrctl root diff alice)" ""

# --- the host is upgraded under a live overlay --------------------------------------------------------

echo old >/usr/sbin/ctr-upgraded
echo old >/etc/ctr-upgraded
echo old >/etc/ctr-shadowed
hold alice
root_in 'cat /usr/sbin/ctr-upgraded /etc/ctr-upgraded >/dev/null; echo mine >/etc/ctr-shadowed'
for name in /usr/sbin/ctr-upgraded /etc/ctr-upgraded /etc/ctr-shadowed; do
	echo new >"$name.dpkg-new"
	mv "$name.dpkg-new" "$name"
done
echo new >/usr/sbin/ctr-added
like "a live container sees one or the other, whole" "$(on alice 'cat /usr/sbin/ctr-upgraded /etc/ctr-upgraded' | sort -u)" '^(old|new)$'
is "and what it changed stays" "$(on alice 'cat /etc/ctr-shadowed')" mine
release
wait_for 10 no_containers
is "the next container has the new files, and its own" \
	"$(on alice 'cat /usr/sbin/ctr-upgraded /etc/ctr-upgraded /usr/sbin/ctr-added /etc/ctr-shadowed')" "new
new
new
mine"
wait_for 10 no_containers
is "root diff names what shadows the new" "$(ctrctl root diff alice)" "M /etc/ctr-shadowed"
rm /usr/sbin/ctr-upgraded /usr/sbin/ctr-added /etc/ctr-upgraded
is "what the host removed is gone inside, and what it keeps is kept" \
	"$(on alice 'ls /usr/sbin/ctr-* /etc/ctr-*' 2>/dev/null)" /etc/ctr-shadowed
rm /etc/ctr-shadowed
wait_for 10 no_containers
is "then it is the user's alone" "$(ctrctl root diff alice)" "A /etc/ctr-shadowed"
ctrctl root reset alice >/dev/null

# --- other roots ---------------------------------------------------------------------------------------

policy <<END
[default]
profile = machine
[user alice]
root = ephemeral
root_size = 16M
[user bob]
root = overlay:/srv/base
[user carol]
sudo = no
network = private
END
hold alice
root_in 'echo brief >/etc/zz-new'
is "ephemeral: lives as long as the container" "$(on alice 'cat /etc/zz-new')" brief
fails "ephemeral: root_size bounds it" root_in 'head -c 32M /dev/zero >/opt/big'
root_in 'rm -f /opt/big'
release
wait_for 10 no_containers
is "ephemeral: gone with it, and never on disk" "$(on alice 'ls /etc/zz-new 2>/dev/null'; find /var/lib/pam_ctr/2001 -path '*root*' -type f)" ""

# A tree of its own, as debootstrap makes one, but small: what a login and sudo need.
base=/srv/base
mkdir -p $base/{bin,etc/pam.d,etc/sudoers.d,home,lib,lib64,proc,dev,root,run,sbin,srv,mnt,sys,tmp,usr/bin,usr/lib,usr/sbin,var/{lib,log,tmp}}
for program in bash sh cat id ls stat touch; do
	cp "$(command -v $program)" $base/bin/
done
for program in "$base"/bin/*; do
	ldd "$program" 2>/dev/null | grep -o '/[^ ]*' | sort -u | while read -r library; do
		[ -e "$base$library" ] || install -D "$library" "$base$library"
	done
done
echo root:x:0:0:root:/root:/bin/sh >$base/etc/passwd
echo root:x:0: >$base/etc/group
echo 'root:*:19000::::::' >$base/etc/shadow
chmod 640 $base/etc/shadow
echo small >$base/etc/issue
chmod 755 $base $base/etc
is "overlay:DIR is a root of another kind" "$(on bob 'cat /etc/issue; id -un; ls -d /opt 2>/dev/null; stat -c %u:%a /etc/shadow')" "small
bob
0:640"
is "with nothing of the host's beside it" "$(on bob 'echo note >note; ls /')" "$(ls $base)"
wait_for 10 no_containers
is "its home, too, is found again" "$(on bob 'cat note')" note
wait_for 10 no_containers
is "root diff compares with DIR; what lies in it now are places to mount on" "$(ctrctl root diff bob)" "A /etc/resolv.conf
A /home/bob
A /var/log/wtmp"
ls /var/lib/pam_ctr/2002 >"$tap_dir/stores"
like "and its store has a name of its own" "$(cat "$tap_dir/stores")" '^root-of-base$'
like "root reset takes it" "$(ctrctl root reset bob; ls /var/lib/pam_ctr/2002)" '^bob: reset$'
unlike "whole" "$(ls /var/lib/pam_ctr/2002)" root

fails "sudo = no: sudo gives nothing" on carol 'sudo -n true'
is "a port below 1024 needs root also in a network of one's own" "$(on carol '
	perl -MIO::Socket::INET -e "print IO::Socket::INET->new(Listen => 1, LocalPort => 80) ? 1 : 0"')" 0
policy <<END
[default]
profile = machine
network = private
[user bob]
setuid = no
sudo = no
END
end_all
is "network = private: root inside serves port 80 on its own loopback" "$(root_in '
	perl -MIO::Socket::INET -e "
		my \$s = IO::Socket::INET->new(Listen => 1, LocalAddr => q(127.0.0.1), LocalPort => 80) or die;
		if (fork) { my \$c = \$s->accept; print \$c qq(hello\n) } else {
			my \$c = IO::Socket::INET->new(q(127.0.0.1:80)) or die; print scalar <\$c> }"')" hello
is "which is not the host's" "$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new("127.0.0.1:80") ? 1 : 0')" 0
is "setuid = no: setuid programs are powerless" "$(on bob 'sudo -n id -u >/dev/null 2>&1; echo $?; cp /usr/bin/id . && chmod 4755 id && ./id -u')" "1
2002"
end_all
for user in alice bob carol; do
	ctrctl root reset $user >/dev/null
done
rm -rf /srv/base
host_is_same "and in the end the host is what it was"
nothing_left "nothing is left"
done_testing
