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
touch /home/bob
pam_caller --user bob --calls open,close >"$tap_dir/out" 2>&1
like "a home that is a file is refused" "$(cat "$tap_dir/out")" '^open: PAM_SESSION_ERR'
rm /home/bob
mv /home/bob.away /home/bob
succeeds "the next good login works" on bob true
wait_for 10 no_containers

mount --bind /home/bob /home/bob
mount -o remount,bind,ro /home/bob
is "a home on a read-only file system is writable through its overlay" "$(on bob 'echo x >x && cat x')" x
is "and untouched" "$(ls /home/bob/x 2>/dev/null)" ""
wait_for 10 no_containers
umount /home/bob

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
