#!/bin/bash
# Paths from the policy, and which way mounts travel.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

mkdir -p /srv/{data,secret,lab/out,src,dst,fast,linked} /mnt/later
echo data >/srv/data/file
echo secret >/srv/secret/file
echo source >/srv/src/file
echo single >/srv/single
# Only what a test writes may be written: below a directory of others' no path is trusted.
echo whole >/srv/lab/file
chmod 666 /srv/lab/file /srv/data/file
chmod 777 /srv/data /srv/lab/out /srv/secret /srv/dst /srv/src
touch /srv/{mountpoint,linked/x}
ln -s /srv/secret /srv/link

policy <<END
[default]
read_only = /srv/data, /srv/lab, -/srv/missing
writable = /srv/lab/out
hidden = /srv/secret, /srv/single, -/srv/none
bind = /srv/src:/srv/dst:ro
tmpfs = /srv/fast:16M
END
snapshot_take

fails "read_only: cannot be written" on alice 'echo x >/srv/data/new'
fails "nor changed" on alice 'echo x >/srv/data/file'
is "but read" "$(on alice 'cat /srv/data/file')" data
fails "read_only reaches below" on alice 'echo x >/srv/lab/file'
is "writable opens a part of it" "$(on alice 'echo x >/srv/lab/out/new && echo fine')" fine
is "on the real disk" "$(cat /srv/lab/out/new)" x
is "hidden: a directory is empty" "$(on alice 'ls -A /srv/secret')" ""
is "hidden: a file is empty" "$(on alice 'cat /srv/single 2>/dev/null')" ""
is "hidden: also through a link" "$(on alice 'ls -A /srv/link/')" ""
fails "hidden: nothing can be put there" on alice 'touch /srv/secret/x'
is "bind: the source shows" "$(on alice 'cat /srv/dst/file')" source
fails "bind: ro is read-only" on alice 'touch /srv/dst/x'
is "tmpfs: own and empty" "$(on alice 'touch /srv/fast/x && ls /srv/fast')" x
is "tmpfs: of the size asked for" "$(on alice 'df -m --output=size /srv/fast | tail -1 | tr -d " "')" 16
is "the host's own directory is untouched" "$(ls /srv/fast /srv/dst)" "/srv/dst:

/srv/fast:"
is "the host sees all of it as before" "$(cat /srv/secret/file /srv/single; touch /srv/data/x && rm /srv/data/x && echo writable)" "secret
single
writable"

hold alice
mount -t tmpfs later /mnt/later
echo later >/mnt/later/file
is "a later mount on the host shows up inside" "$(on alice 'cat /mnt/later/file 2>/dev/null')" later
umount /mnt/later
is "and goes inside, too" "$(on alice 'cat /mnt/later/file 2>/dev/null')" ""
nsenter -t "$(init_of alice)" -m mount -t tmpfs inner /mnt
is "a mount inside never comes out" "$(grep -c inner /proc/mounts)" 0
release
wait_for 10 no_containers
rm -f /srv/lab/out/new
nothing_left "nothing is left"

log_mark
policy <<END
[default]
read_only = /srv/nowhere
END
fails "a path that is not there refuses the login" on alice true
logged "and the log names it" '/srv/nowhere'
mkdir /srv/nowhere
succeeds "the next good login works" on alice true
done_testing
