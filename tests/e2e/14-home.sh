#!/bin/bash
# The home: an overlay that keeps the real one whole, ephemeral, a template, the host's own.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

echo real >/home/alice/file
echo gone >/home/alice/doomed
chown alice: /home/alice/{file,doomed}
hash_of() {
	(cd "$1" && find . -printf '%P %m %u %s %T@\n' -type f | LC_ALL=C sort && find . -type f -exec md5sum {} + | LC_ALL=C sort) | md5sum
}
before=$(hash_of /home/alice)
snapshot_take

# overlay is the default
on alice 'echo changed >file; echo new >made; rm doomed; mkdir -p deep/er; echo x >deep/er/x'
is "overlay: the login sees its changes" "$(on alice 'cat file made; ls doomed 2>/dev/null; cat deep/er/x')" "changed
new
x"
is "overlay: the real home is untouched" "$(hash_of /home/alice)" "$before"
wait_for 10 no_containers
is "overlay: the changes outlive the container" "$(on alice 'cat file made')" "changed
new"
is "overlay: owner and mode of the home" "$(on alice 'stat -c "%U %G %a" ~')" "$(stat -c "%U %G %a" /home/alice)"
like "overlay: nosuid, nodev" "$(on alice "awk '\$2 == \"/home/alice\" { print \$3, \$4 }' /proc/mounts")" '^overlay .*nosuid.*nodev'
is "overlay: the upper is root's alone" "$(on alice 'ls /var/lib/pam_ctr/2001 2>/dev/null')" ""
is "overlay: its parents are closed" "$(stat -c '%U %a' /var/lib/pam_ctr/2001 | sed 's/7[01][01]$/7xx/')" "root 7xx"
on alice 'echo "# by alice" >>.ssh/authorized_keys'
like ".ssh is the real one: an edit of authorized_keys reaches sshd" "$(cat /home/alice/.ssh/authorized_keys)" '^# by alice$'
is "no other home can be written" "$(on alice 'echo x 2>/dev/null >/home/bob/x || echo refused')" refused
wait_for 10 no_containers
# What nobody but root could have put into the upper, and what a crash leaves in its work.
upper=/var/lib/pam_ctr/2001/home/upper
mkdir "$upper"/{redirected,opaque,deep/down}
setfattr -n trusted.overlay.redirect -v /../../../etc "$upper/redirected"
setfattr -n trusted.overlay.redirect -v /../bob "$upper/deep/down"
setfattr -n trusted.overlay.opaque -v y "$upper/opaque"
rm -f "$upper/file" && mknod "$upper/file" c 0 0
echo odd >"$upper/../work/work/#7"
mkdir -p "$upper/../work/work/#8/of-a-crash" "$upper/../work/index/00fb"
before=$(hash_of /home/alice)
is "overlay: an upper with whiteouts and a crash's work is good" "$(on alice 'cat made; ls file opaque 2>/dev/null')" "new
opaque:"
is "overlay: what is redirected in it leads nowhere" "$(on alice 'ls -A redirected deep/down 2>/dev/null | grep -v "^$\|:$"')" ""
is "overlay: and the real home is untouched by it" "$(hash_of /home/alice)" "$before"
wait_for 10 no_containers
rm -rf /var/lib/pam_ctr/2001
is "removing the upper is a reset" "$(on alice 'cat file; cat doomed; ls made 2>/dev/null')" "real
gone"

policy <<END
[user alice]
home = ephemeral
home_size = 8M
[user bob]
home = template:/srv/template
[user carol]
home = host
END
wait_for 10 no_containers
hold alice
on alice 'echo brief >made'
is "ephemeral: lives as long as the container" "$(on alice 'cat made file')" "brief
real"
fails "ephemeral: home_size bounds it" on alice 'head -c 20M /dev/zero >big'
on alice 'rm -f big'
release
wait_for 10 no_containers
is "ephemeral: gone with it" "$(on alice 'ls made 2>/dev/null; cat file')" real
is "ephemeral: nothing is kept on disk" "$(find /var/lib/pam_ctr/2001 -type f 2>/dev/null)" ""

mkdir -p /srv/template/sub
echo from-template >/srv/template/start
chown -R root:root /srv/template
chmod -R go-w /srv/template
echo hers >/home/bob/real-file
is "template: the home starts as the template" "$(on bob 'cat start; ls real-file 2>/dev/null; pwd')" "from-template
/home/bob"
is "template: its files are the user's in there" "$(on bob 'stat -c %U start')" bob
on bob 'echo changed >start'
wait_for 10 no_containers
is "template: changes are kept" "$(on bob 'cat start')" changed
is "template: the template is untouched" "$(cat /srv/template/start)" from-template
is "template: the real home is untouched" "$(ls /home/bob)" real-file
on carol 'echo direct >file'
is "host: the real home itself" "$(cat /home/carol/file)" direct
wait_for 10 no_containers
rm -rf /home/carol/file /home/bob/real-file

# Homes that are not as they should be.
policy </dev/null
log_mark
mv /home/bob /home/bob.away
is "a missing home refuses the login" "$(pam_caller --user bob --calls open | tail -1)" "open: PAM_SESSION_ERR"
logged "and the log says so" '/home/bob'
mv /home/carol /home/carol.away
ln -s /home/alice /home/carol
log_mark
pam_caller --user carol --calls open,close >"$tap_dir/out" 2>&1
like "a home that is a symbolic link is refused" "$(cat "$tap_dir/out")" '^open: PAM_SESSION_ERR'
logged "and the log says so" '/home/carol'
is "nothing was made through the link" "$(hash_of /home/alice | cut -c1-8; find /home/alice -newer "$tap_dir/out" | head -1)" "$(hash_of /home/alice | cut -c1-8)"
rm /home/carol
mv /home/carol.away /home/carol
bind_socket() {
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$1"
}
for kind in touch mkfifo bind_socket; do
	"$kind" /home/bob
	log_mark
	like "a home made by $kind is refused" "$(LIMIT=5 limited pam_caller --user bob --calls open,close 2>&1)" '^open: PAM_SESSION_ERR'
	logged "and the log says so" 'open the home /home/bob: Not a directory'
	rm /home/bob
done
mv /home/bob.away /home/bob
succeeds "the next good login works" on bob true
wait_for 10 no_containers
mv /home/bob/.ssh /home/bob/ssh.away
for kind in touch mkfifo bind_socket; do
	"$kind" /home/bob/.ssh
	log_mark
	is "a .ssh made by $kind does no harm" "$(LIMIT=5 limited pam_caller --user bob --calls open,fork -- test -d /home/bob 2>&1)" \
		"open: PAM_SUCCESS
fork: 0"
	logged "and the log says that it stays in the overlay" 'home_passthrough: .ssh stays in the overlay'
	wait_for 10 no_containers
	rm /home/bob/.ssh
done
mv /home/bob/ssh.away /home/bob/.ssh

# A home that its owner has closed to himself, on the host and from inside.
rm -rf /var/lib/pam_ctr/2002
chmod 0 /home/bob
is "a home of mode 0 lets its user in" "$(pam_caller --user bob --calls open,fork -- sh -c 'cd /home/bob' 2>/dev/null | tr '\n' ' ')" "open: PAM_SUCCESS fork: 2 "
chmod 700 /home/bob
wait_for 10 no_containers
log_mark
is "and when it is open again, to what the overlay has" "$(on bob 'chmod 700 /home/bob; cd /home/bob && pwd' 2>/dev/null)" /home/bob
logged "and the log says what stays in it" 'home_passthrough: .ssh stays in the overlay'
on bob 'chmod 0 /home/bob'
wait_for 10 no_containers
is "who has closed it from inside can open it again" "$(on bob 'chmod 700 /home/bob; cd; pwd' 2>/dev/null)" /home/bob
wait_for 10 no_containers
mount --bind /home/bob /home/bob
mount -o remount,bind,nosuid,nodev,noexec /home/bob
is "a home on a nosuid, noexec file system" "$(on bob 'cd; pwd')" /home/bob
wait_for 10 no_containers
umount /home/bob

mount --bind /home/bob /home/bob
mount -o remount,bind,ro /home/bob
is "a home on a read-only file system is writable through its overlay" "$(on bob 'echo x >x && cat x')" x
is "and untouched" "$(ls /home/bob/x 2>/dev/null)" ""
wait_for 10 no_containers
umount /home/bob

# A home that an automounter has yet to mount; one whose automounter, and one whose file server never answers.
behind() { # KIND DIRECTORY [REAL]: adds its process to $behind
	: >"$tap_dir/server"
	python3 "$(dirname "$0")/../lib/fileserver.py" "$@" <>"$tap_dir/quiet" >>"$tap_dir/server" 2>&1 &
	behind+=($!)
	wait_for 10 test -s "$tap_dir/server"
	[ "$(cat "$tap_dir/server")" = ready ]
}
nothing_behind() {
	kill "${behind[@]}" 2>/dev/null
	while umount -l /home/bob 2>/dev/null || umount -l /home/carol 2>/dev/null; do :; done
	behind=()
}
mkfifo "$tap_dir/quiet"
behind=()
cp -a /home/bob /srv/home-of-bob
echo mounted >/srv/home-of-bob/where
mknod -m 600 /dev/fuse c 10 229
if behind automount /home/bob /srv/home-of-bob; then
	is "a home that an automounter mounts" "$(pam_caller --user bob --calls open,fork -- cat /home/bob/where | tr '\n' ' ')" "open: PAM_SUCCESS mounted fork: 0 "
	wait_for 10 no_containers
	nothing_behind
else
	skip "a home that an automounter mounts" "this kernel has no autofs"
fi
rm -r /srv/home-of-bob
# At once, since each waits until its time is over.
log_mark
before=${EPOCHREALTIME/./}
waits=()
for kind in dead:bob hung:carol; do
	behind "${kind%:*}" "/home/${kind#*:}" || continue
	pam_caller --user "${kind#*:}" --calls open >"$tap_dir/${kind%:*}" 2>&1 &
	waits+=($!)
done
succeeds "homes that never answer: others log in" on alice true
wait "${waits[@]}"
number "and they are answered in bounded time (ms)" $(((${EPOCHREALTIME/./} - before) / 1000)) -le 40000
for kind in dead:bob hung:carol; do
	user=${kind#*:} kind=${kind%:*}
	if [ -e "$tap_dir/$kind" ]; then
		like "a home that is $kind is refused" "$(cat "$tap_dir/$kind")" '^open: PAM_SESSION_ERR'
		logged "and the log says so" "user=$user .*a home that does not answer"
	else
		skip "a home that is $kind is refused" "this kernel has no such file system"
	fi
done
nothing_behind
rm /dev/fuse
succeeds "the next good login works" on bob true
wait_for 10 no_containers

# An upper on a file system that cannot carry one: an overlay is such a file system.
mkdir -p /srv/o/{lower,upper,work}
mount -t overlay -o lowerdir=/srv/o/lower,upperdir=/srv/o/upper,workdir=/srv/o/work o /var/lib/pam_ctr
log_mark
if mkdir -p /var/lib/pam_ctr/try/{l,u,w,m} &&
	mount -t overlay -o lowerdir=/var/lib/pam_ctr/try/l,upperdir=/var/lib/pam_ctr/try/u,workdir=/var/lib/pam_ctr/try/w t /var/lib/pam_ctr/try/m 2>/dev/null; then
	umount /var/lib/pam_ctr/try/m
	skip "an upper that cannot be one is refused" "this kernel takes an overlay's upper on an overlay"
	umount -l /var/lib/pam_ctr
else
	fails "an upper on a file system that cannot carry one is refused" on bob true
	logged "in a sentence that says so" '/var/lib/pam_ctr.*cannot carry'
	wait_for 10 umount /var/lib/pam_ctr
fi
succeeds "the next good login works" on bob true

mount -t tmpfs -o size=64k,mode=700 full /var/lib/pam_ctr
head -c 1M /dev/zero >/var/lib/pam_ctr/filler 2>/dev/null
log_mark
on bob 'echo in' >"$tap_dir/out" 2>&1
status=$?
like "a full disk lets a login in, or refuses it with a line in the log" "$(cat "$tap_dir/out"; log_since)" '^in$|pam_ctr.*[Nn]o space'
unlike "and sshd is not hung" "$status" 124
end_all
wait_for 10 umount /var/lib/pam_ctr
succeeds "the next good login works" on bob true
wait_for 10 no_containers
rm -rf /srv/o
# The shell host: others' homes are hidden, the own one is the host's.
policy <<END
[default]
profile = shared
home = host
hidden = /home
END
touch /home/alice/of-the-host
is "hidden = /home with home = host: the own home alone" "$(on alice 'ls /home; pwd; ls of-the-host; echo of-alice >written')" "alice
/home/alice
of-the-host"
is "and written through" "$(cat /home/alice/written)" of-alice
rm -f /home/alice/of-the-host /home/alice/written
wait_for 10 no_containers
nothing_left "nothing is left"
done_testing
