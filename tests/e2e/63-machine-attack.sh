#!/bin/bash
# Profile machine, as somebody who is root inside and means harm: the host's secrets, its files,
# its processes, its disks; what is left in the own root for the next login's host root to fall
# into; and trees made to hurt ctrctl root.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

rm /etc/pam_ctr.conf.d/00-profile.conf
policy <<END
[default]
profile = machine
END

root_in() {
	on alice "sudo -n bash -c $(printf %q "$1")" 2>&1
}

# --- what the user can't read on the host ------------------------------------------------------------

secret=pam-ctr-top-secret
secrets=(/root/secret /etc/secret /etc/closed/secret /etc/of-group /etc/of-tty /home/bob/secret /srv/closed/secret
	/var/mail/bob /var/lib/pam_ctr/2002/secret /etc/ssh/ssh_host_secret_key /etc/sudoers.d/secret)
mkdir -p /etc/closed /srv/closed /var/lib/pam_ctr/2002
for file in "${secrets[@]}"; do
	echo $secret >"$file"
	setfattr -n user.secret -v $secret "$file" 2>/dev/null
	chmod 600 "$file"
done
ln -s /$secret /etc/closed/link
chmod 700 /etc/closed /srv/closed
chown bob:mail /var/mail/bob
chgrp shadow /etc/of-group
chgrp tty /etc/of-tty
chmod 640 /etc/of-group /etc/of-tty
cp /usr/bin/id /etc/not-readable
chmod 711 /etc/not-readable
host_tree() {
	find /etc /usr/sbin /usr/libexec /home /root /srv /opt /var -xdev \( -path /var/lib/pam_ctr -o -path /var/log -o -path "$WORLD_REPO" \) -prune -o \
		-type f -printf '%p %m %U %G %s %T@\n' -o -printf '%p %y %m %U %G %l\n' | LC_ALL=C sort
}

cat >/srv/read-secrets <<'END'
secret=$1
shift
for file in "$@"; do
	try() {
		if timeout 5 "${@:2}" 2>/dev/null | grep -aq "$secret"; then echo "READ $file: $1"; fi
	}
	plainly() {
		try "$1" cat "$file"
	}
	plainly "as it is"
	try xattr getfattr -d --absolute-names "$file"
	try tar tar cf - "$file"
	try mmap perl -e 'open F, $ARGV[0] or exit; print while <F>' "$file"
	rm -rf /opt/try && mkdir /opt/try
	cp -a --reflink=auto "$file" /opt/try/copy 2>/dev/null && try cp cat /opt/try/copy
	ln "$file" /opt/try/link 2>/dev/null && try ln cat /opt/try/link
	chmod 666 "$file" 2>/dev/null && plainly chmod
	chown 0:0 "$file" 2>/dev/null && plainly chown
	chown alice "$file" 2>/dev/null && plainly "chown to the user"
	touch "$file" 2>/dev/null && plainly touch
	setfattr -n user.x -v y "$file" 2>/dev/null && plainly setfattr
	setfacl -m u:alice:r "$file" 2>/dev/null && plainly setfacl
	try open_by_handle perl -e 'my $h = pack("Ii", 128, 0) . "\0" x 128; my $m = pack "i", 0;
		syscall(303, -100, $ARGV[0], $h, $m, 0) == 0 or exit; open my $d, "<", "/" or exit;
		my $fd = syscall(304, fileno $d, $h, 0); open F, "<&=", $fd or exit; print <F>' "$file"
	mv "$file" "$file.away" 2>/dev/null && try mv cat "$file.away" && mv "$file.away" "$file"
	directory=$(dirname "$file")
	case $directory in */closed | /home/bob)
		chmod 777 "$directory" 2>/dev/null
		chown alice "$directory" 2>/dev/null
		plainly "its directory's mode"
		if mv "$directory" "$directory.away" 2>/dev/null; then
			try "its directory renamed" cat "$directory.away/${file##*/}"
			try "that listed" sh -c "ls $directory.away | sed s/^/$secret/"
		fi
		ls "$directory" 2>/dev/null | grep -q . && echo "READ listing of $directory"
		readlink "$directory"*/link ;;
	esac
done
for link in /proc/[0-9]*/root /proc/[0-9]*/cwd; do
	cat "$link/etc/secret" "$link/root/secret" 2>/dev/null
done
dd if=/etc/not-readable bs=4 count=1 2>/dev/null | grep -a ELF
END
host_tree >"$tap_dir/tree.before"
snapshot_take
out=$(LIMIT=60 root_in "bash /srv/read-secrets $secret ${secrets[*]}; echo ran")
like "root inside tries to read what the user can't" "$out" '^ran$'
unlike "and reads nothing, by whichever way" "$out" "READ|$secret|ELF"
is "what the user's group may read is read" "$(echo $secret >/srv/lab && chgrp lab /srv/lab && chmod 640 /srv/lab && on alice 'sudo -n cat /srv/lab')" $secret
rm -f /srv/lab
is "passwords of the host are not in the own shadow" "$(root_in 'cut -d: -f2 /etc/shadow | sort -u')" '*'
end_all
ctrctl root reset alice >/dev/null

# --- what is not inside ---------------------------------------------------------------------------------

out=$(root_in '
	for name in trusted.overlay.opaque trusted.overlay.redirect trusted.overlay.origin; do setfattr -n $name -v y /opt && echo "SET $name"; done
	mkdir /opt/u && setfattr -n user.overlay.redirect -v /closed /opt/u; ls /opt/u
	for node in "c 0 0" "c 1 1" "b 254 0"; do mknod /opt/node $node && echo "MADE $node"; done
	for command in "mount -t tmpfs x /mnt" "mount --bind / /mnt" "mount -o remount,rw /" "umount /etc" "umount -l /proc" "umount /run/pam_ctr" \
		"unshare -m true" "unshare -U true" "unshare -Ur true" "unshare -n true" "nsenter -t 1 -m true" "nsenter -t 1 -U true" \
		"mknod /dev/x c 1 1" "chattr +i /etc/issue" "swapon /opt" "hostname x" "date -s 2000-01-01" "dmesg"; do
		timeout 5 $command >/dev/null 2>&1 && echo "DID $command"
	done
	echo x >/proc/sys/kernel/core_pattern && echo WROTE
	echo c >/proc/sysrq-trigger && echo WROTE
	cat /proc/kcore /dev/mem /dev/kmsg /dev/vda 2>/dev/null | head -c 1
	for file in /sys/kernel/uevent_helper /sys/fs/cgroup/*/release_agent /sys/fs/cgroup/*/*; do [ -f $file ] && echo x >$file && echo "WROTE $file"; done
	for file in environ maps root/etc/hostname; do head -c 1 /proc/1/$file; done
	kill -9 1; kill -STOP 1; grep "State:.*T" /proc/1/status
	timeout 5 strace -p 1 2>&1 | grep -v "Operation not permitted"
	rm -f /run/pam_ctr/inside; echo x >/run/pam_ctr/inside; mv /run/pam_ctr /run/x; rmdir /run/pam_ctr; ls -A /run/pam_ctr
	ls -A /var/lib/pam_ctr; echo ran')
is "no mount, device, namespace, overlay attribute, sysctl; init and the mark untouched" \
	"$(grep -v 'Permission denied\|Operation not permitted\|Read-only\|No such file\|resource busy' <<<"$out")" "inside
ran"
# The monitor is no process of the container; its socket to its child tells a pidfd of it.
is "sshd's monitor gives nothing of its memory or descriptors" "$(root_in 'perl -e "
	for my \$p (glob q(/proc/[0-9]*)) { \$p =~ s/\D//g; for my \$fd (0 .. 20) {
		my \$pidfd = syscall(434, \$p + 0, 0); next if \$pidfd < 0;
		my \$got = syscall(438, \$pidfd, \$fd, 0); next if \$got < 0;
		my \$b = pack q(i), -1; my \$l = pack q(i), 4;
		next if syscall(55, \$got, 1, 77, \$b, \$l) < 0;
		my \$m = unpack q(i), \$b; next if \$m < 0;
		for (0 .. 50) { my \$x = syscall(438, \$m, \$_, 0); print qq(GOT \$_ of a peer\n) if \$x >= 0 && (readlink(qq(/proc/self/fd/\$x)) // q()) =~ /key|shadow/ } } }"')" ""

# --- the host's disks -----------------------------------------------------------------------------------

hold alice
used_before=$(df --output=used /run | tail -1)
size_before=$(stat -c %s /var/log/wtmp)
root_in 'perl -e "
	open F, q(>>/var/log/wtmp) or die; \$| = 1;
	print F pack q(s x2 l a32 a4 a32 a256 s s l l l l4 a20), 7, \$\$, q(pts/7), q(ts/7), q(alice), q(x), 0, 0, 0, 1700000000 + \$_, 0, 0, 0, 0, 0, q() for 1 .. 20000"
	dd if=/dev/zero of=/run/utmp bs=1M count=200' >/dev/null
is "while root inside writes into utmp and wtmp, others log in" "$(on bob 'echo in' 2>&1)" in
number "root inside can't fill the host's /run by utmp and wtmp" "$(($(df --output=used /run | tail -1) - used_before))" -lt 1000
release
number "nor its wtmp" "$(($(stat -c %s /var/log/wtmp) - size_before))" -lt 200000
like "the log says that some are not told" "$(cat "$WORLD_LOG")" 'more than [0-9]+ login records'
end_all

# --- libraries in the monitor, which has the host's keys in memory --------------------------------------

cat >"$tap_dir/evil.c" <<'END'
#include <stdio.h>
#include <unistd.h>
/* sshd's monitor sees no /proc of its own in there: whoever does not is no process of the container. */
__attribute__((constructor)) static void ran(void)
{
	FILE *out = fopen(access("/proc/self", F_OK) ? "/opt/in-a-monitor" : "/opt/in-a-process", "a");
	if (out) fclose(out);
}
END
if command -v gcc >/dev/null && gcc -shared -fPIC -o /srv/evil.so "$tap_dir/evil.c" 2>/dev/null; then
	root_in '
		cd /usr/lib/x86_64-linux-gnu 2>/dev/null || cd /usr/lib
		mkdir -m 777 -p /opt && chmod 777 /opt
		for name in libnss_evil.so.2 libnss_files.so.2 libnss_compat.so.2 libnss_systemd.so.2 libnss_dns.so.2; do rm -f $name; cp /srv/evil.so $name; done
		for name in security/*.so; do rm -f $name; cp /srv/evil.so $name; done
		printf "passwd: evil files\ngroup: evil files\nshadow: evil\nhosts: evil\n" >/etc/nsswitch.conf
		getent passwd nobody-of-that-name' >/dev/null
	wait_for 10 no_containers
	on_tty alice 'id; exit' >/dev/null
	on alice 'getent passwd nobody-of-that-name'
	is "libraries of the container's run in it, and not in sshd's monitor" "$(on alice 'ls /opt/in-a-*')" /opt/in-a-process
	rm -f /srv/evil.so
else
	missing "libraries in the monitor" "a compiler"
fi
end_all
ctrctl root reset alice >/dev/null

# --- what is left for the next login -----------------------------------------------------------------------

# Each is done as root inside; the next login gets in (or is refused in a line of the log), nothing
# of the host's changes, and root reset mends it.
mkdir -m 777 /srv/victim
cp -a /home/alice/.ssh "$tap_dir/ssh"
host_tree >"$tap_dir/tree.mid"
while IFS=: read -r name expected command; do
	root_in "$command" >/dev/null
	wait_for 10 no_containers || diag "the container of '$name' stays"
	# The real one, which sshd reads, is alice's to break.
	rm -rf /home/alice/.ssh && cp -a "$tap_dir/ssh" /home/alice/.ssh
	log_mark
	out=$(LIMIT=20 on alice 'echo in' 2>&1)
	status=$?
	case $expected in
	in) is "$name: the next login is in" "$out" in ;;
	broken) isnt "$name: the next login ends" "$status" 124 ;;
	either)
		[ "$out" = in ] || like "$name: the refusal is told" "$out" 'container could not be opened'
		[ "$out" = in ] || logged "$name: the log says what is in the way" 'refused: .*(/var|/srv|/home)'
		;;
	esac
	end_all
	if ! ctrctl root reset alice >"$tap_dir/reset" 2>&1; then fail "$name: root reset" "$(cat "$tap_dir/reset")"; fi
	is "$name: root reset mends it" "$(LIMIT=20 on alice 'echo in' 2>&1)" in
	wait_for 10 no_containers
done <<'END'
temporary directories:in:rm -rf /tmp /var/tmp; rmdir /var/tmp; ln -s /srv/victim /var/tmp; ln -s /srv/victim /tmp
all of var gone:in:rm -rf /var/* /run/*
var a link:in:rm -rf /var/log /var/lib /var/run; ln -s /srv/victim /var/log; ln -s /srv/victim /var/lib; ln -s /srv/victim /var/run
files of sshd's:in:rm -f /var/log/lastlog /run/utmp; ln -s /etc/shadow /var/log/lastlog; ln -sf /srv/victim/x /run/utmp; mkfifo /etc/nologin2
a fifo for lastlog:in:rm -f /var/log/lastlog /etc/environment; mkfifo /var/log/lastlog /etc/environment
home a link:in:rm -rf /home/bob /home/alice; mv /home/alice /home/a; ln -s /srv/victim /home/bob
home closed:broken:chmod 0 /home
root closed:broken:chmod 0 /
root the user's:in:chown alice /; chmod 777 / /etc; chown alice /etc
var the user's:in:chown -R alice /var; chmod 777 /var /var/*
parents of mount points links:either:mkdir /v; mv /var /v/var; ln -s /srv/victim /var; mv /home /v/home; ln -s /srv/victim /home
links of the user's in the user's:either:mv /var/lib /var/lib2; ln -s /srv/victim /var/lib; mv /var/log /var/log2; ln -s log2 /var/log; chown -h alice /var /var/lib /var/log; chmod 777 /var
programs gone:broken:rm -rf /bin /lib64; mv /usr /usr2
END
host_tree >"$tap_dir/tree.after"
is "and nothing of it was followed out" "$(diff "$tap_dir/tree.mid" "$tap_dir/tree.after" | grep '^[<>]' | grep -v '/home/alice/.ssh')" ""

# --- trees made to hurt ------------------------------------------------------------------------------------

root_in 'perl -e "
	chdir q(/opt); for (1 .. 9000) { mkdir q(d); chdir q(d) or die }
	mkdir q(/opt/wide); for (1 .. 5000) { mkdir qq(/opt/wide/\$_) }
	for (1 .. 255) { next if \$_ == 47; mkdir q(/opt/odd-) . chr; mkdir q(/opt/odd-) . chr(\$_) . qq(/x\n) }"
	cp /usr/bin/id /opt/setuid; chown root:tty /opt/setuid; chmod 6777 /opt/setuid
	cp /usr/bin/id /opt/users; chown alice:lab /opt/users; chmod 6777 /opt/users
	for i in $(seq 300); do ln /opt/setuid /opt/link-$i; done; mkfifo /opt/fifo; ln -s / /opt/slash; mkdir -m 0 /opt/closed' >/dev/null
wait_for 10 no_containers
is "root diff: ends, on very deep, many and odd names" "$(timeout $((20 * patience)) ctrctl root diff alice >"$tap_dir/diff" 2>"$tap_dir/err"; echo $?)" 0
like "and says what it did not go into" "$(cat "$tap_dir/err")" 'too deep for a path'
unlike "each name is one line of printable bytes" "$(LC_ALL=C grep -v '^[AMD] /[ -~]*$' "$tap_dir/diff")" .
is "as JSON, too" "$(timeout $((20 * patience)) ctrctl root diff alice --json 2>/dev/null | perl -MJSON::PP -e 'local $/; print scalar @{decode_json(<STDIN>)}')" \
	"$(wc -l <"$tap_dir/diff")"
file=$(find /var/lib/pam_ctr/2001/root -path '*/opt/setuid')
is "a setuid program made inside is nobody's outside" "$(stat -c '%u %a' "$file")" "200100000 6777"
like "and nobody gets at it" "$(plain alice "$file; $file" 2>&1)" 'Permission denied'
is "for all above it is closed" "$(stat -c '%a %u' /var/lib/pam_ctr/2001 /var/lib/pam_ctr/2001/root | sort -u)" "700 0"
is "root reset takes all of it" "$(timeout $((60 * patience)) ctrctl root reset alice; ls /var/lib/pam_ctr/2001)" "alice: reset
home"

# --- a full disk --------------------------------------------------------------------------------------------

mv /var/lib/pam_ctr /var/lib/pam_ctr.away
mkdir -m 700 /var/lib/pam_ctr
mount -t tmpfs -o size=2m,mode=700 small /var/lib/pam_ctr
root_in 'head -c 4M /dev/zero >/opt/filler' >/dev/null
wait_for 10 no_containers
log_mark
out=$(LIMIT=20 on alice 'echo in' 2>&1)
like "a full disk lets the login in, or refuses it with a line in the log" "$out$(log_since)" '^in|No space'
end_all
is "root reset works there, too" "$(ctrctl root reset alice)" "alice: reset"
is "and the next login is in" "$(on alice 'echo in')" in
end_all
wait_for 10 umount /var/lib/pam_ctr
rmdir /var/lib/pam_ctr
mv /var/lib/pam_ctr.away /var/lib/pam_ctr

rm -rf /srv/victim
host_tree >"$tap_dir/tree.after"
is "in the end nothing of the host's was changed" "$(diff "$tap_dir/tree.before" "$tap_dir/tree.after" | grep '^[<>]' | grep -v '/home/alice/.ssh')" ""
nothing_left "nothing is left"
done_testing
