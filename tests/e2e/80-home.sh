#!/bin/bash
# ctrctl home: what users changed of their homes, through real logins: told, merged, dropped,
# kept and brought back, exported.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

gone() {
	end_all
	wait_for 10 no_containers
}
# tree DIRECTORY: each name with all that it is, but a directory's size and time
tree() {
	(cd "$1" && find . ! -type d -printf '%P %y %m %u:%g %n %s %T@ %l\n' -o -printf '%P %y %m %u:%g\n' | LC_ALL=C sort
		find . -type f -exec md5sum {} + | LC_ALL=C sort)
}
# as_seen USER: the same of the home as a login sees it, through the archive
as_seen() {
	rm -rf /srv/seen && mkdir /srv/seen && ctrctl home export "$1" | tar -xpf - -C /srv/seen --xattrs --acls && tree /srv/seen
}
changes() {
	ctrctl home diff "$1"
}

echo real >/home/alice/file
echo doomed >/home/alice/doomed
mkdir /home/alice/{dir,emptied}
echo a >/home/alice/dir/a
echo b >/home/alice/dir/b
echo e >/home/alice/emptied/e
chown -R alice: /home/alice

is "before the first login nothing is kept" "$(ctrctl home status alice | tail -1)" "  changes    nothing is kept"
is "and there is nothing to tell" "$(changes alice)" ""
is "nor to merge" "$(ctrctl home commit alice)" "alice: nothing is kept"

on alice 'echo changed >file; rm doomed; chmod 600 dir/b; mv dir moved; echo new >moved/new; rm -r emptied; mkdir emptied
	: >emptied/n; mkfifo pipe; ln -s /etc/shadow link; ln file hard; mkdir sub; truncate -s 1M sparse; echo x >"sub/odd
\name"'
gone
is "each change is told, with what it is in" "$(changes alice)" 'D         dir/
D         doomed
D         emptied/e
A         emptied/n
M .c....t file
A         hard
A         link
A         moved/  <-  dir
M ..m.... moved/b
A         moved/new
A         pipe
A         sparse
A         sub/
A         sub/odd\x0a\x5cname'
json=$(ctrctl home diff alice --json)
like "as JSON, too" "$json" '"path": "sub/odd\\u000a\\\\name"'
if python3 -c 'import json' 2>/dev/null; then
	is "which is well-formed, one object a user" "$(python3 -c 'import json, sys
for user in json.load(sys.stdin): print(user["user"], len(user["changes"]), user["changes"][4])' <<<"$json")" \
		"alice 14 {'change': 'changed', 'path': 'file', 'type': 'file', 'differs': ['content', 'time']}"
else
	missing "which is well-formed, one object a user" python3
fi
like "status counts them" "$(ctrctl home status alice)" '^  changes +9 added, 2 changed, 3 deleted: [0-9]+K in /var/lib/pam_ctr/2001/home$'
like "and as JSON" "$(ctrctl home status alice --json | tr -d '\n ')" '^\[\{"user":"alice","uid":2001,"home":"overlay",.*"container":false,"added":9,.*"snapshots":\[\]\}\]$'

# --- snapshot, commit, restore
seen=$(as_seen alice)
like "an export is the home as it is seen" "$seen" '^moved/a f 644 alice:alice'
unlike "without what is gone" "$seen" '^(dir|doomed)'
is "its sparse files stay sparse" "$(stat -c %b /srv/seen/sparse)" 0
like "--changes is the upper as it lies" "$(ctrctl home export alice --changes | tar -tvf -)" '^c-+ .* 0,0 .* \./doomed$'
is "a file is not written over" "$(touch /srv/x; ctrctl home export alice -o /srv/x 2>&1 | grep -c 'File exists')" 1
succeeds "export to a file" ctrctl home export alice -o /srv/alice.tar
is "which is root's alone" "$(stat -c '%U %a' /srv/alice.tar)" "root 600"
is "a snapshot" "$(ctrctl home snapshot alice monday)" "alice: snapshot monday"
is "its name is its own" "$(ctrctl home snapshot alice monday 2>&1)" "ctrctl: home snapshot: alice: monday is there already"
fails "a name is no path" ctrctl home snapshot alice ../x
is "a path is merged alone" "$(ctrctl home commit alice moved; ls /home/alice/moved; cat /home/alice/file)" "alice: committed, 4 names, 8B
a
b
new
real"
is "the rest is still to be seen" "$(as_seen alice)" "$seen"
like "commit merges the rest" "$(ctrctl home commit alice)" '^alice: committed, '
is "and the home is, file by file, what was seen" "$(tree /home/alice)" "$seen"
is "nothing is left in it" "$(find /home/alice -name '.pam_ctr*'; ls /var/lib/pam_ctr/2001/home)" work
is "nothing differs any more" "$(changes alice)" ""
is "a login sees it" "$(on alice 'cat file; ls doomed 2>/dev/null; cat moved/a')" "changed
a"
on alice 'echo later >file; rm -r moved'
gone
is "the snapshot comes back" "$(ctrctl home restore alice monday; on alice 'cat file; ls moved')" "alice: restored monday
changed
a
b
new"
gone
like "status lists it" "$(ctrctl home status alice)" '^  snapshots +monday +[0-9-]+ [0-9:]+ +[0-9]+K$'

# --- reset
on alice 'echo again >file; echo kept >other; mkdir -p deep/er; echo x >deep/er/x'
gone
is "a path is dropped" "$(ctrctl home reset alice file /home/alice/deep/er/x no-such)" "alice: file: reset
alice: /home/alice/deep/er/x: reset
alice: no-such: nothing differs"
is "the real one shows again, and the rest stays" "$(on alice 'cat file other; ls deep/er')" "changed
kept"
gone
is "all is dropped" "$(ctrctl home reset alice; on alice 'cat file; ls other deep 2>/dev/null')" "alice: reset
changed"
gone
is "a snapshot can be put in place of nothing" "$(ctrctl home reset alice >/dev/null; ctrctl home restore alice monday; on alice 'cat moved/new')" "alice: restored monday
new"
gone
is "and goes when it is told to" "$(ctrctl home delete alice monday; ctrctl home delete alice monday 2>&1)" "alice: deleted monday
ctrctl: home delete: alice: there is no snapshot monday"
is "restore of none says so" "$(ctrctl home restore alice monday 2>&1)" "ctrctl: home restore: alice: there is no snapshot monday"

# --- while the user is there
hold alice
on alice 'echo live >live'
for verb in commit reset snapshot; do
	is "$verb is refused while there is a container" "$(ctrctl home "$verb" alice 2>&1; echo $?)" \
		"ctrctl: home $verb: alice has a container: ctrctl kill alice ends it
1"
done
like "so is restore" "$(ctrctl home restore alice x 2>&1)" 'alice has a container'
is "a snapshot of it can be had" "$(ctrctl home snapshot alice tuesday --live)" "alice: snapshot tuesday"
like "so can an archive" "$(ctrctl home export alice | tar -tf -)" '^\./live$'
like "and the changes" "$(changes alice)" '^A         live$'
is "--kill ends it first" "$(ctrctl home commit alice --kill live 2>&1)" "alice: container ended
alice: committed, 1 name, 5B"
release
is "and then merges" "$(cat /home/alice/live)" live
wait_for 10 no_containers

# --- a login meanwhile is refused, and told why: the lock of a ctrctl that does not get on
exec {store}</var/lib/pam_ctr/2001/home
flock -x "$store"
log_mark
fails "a login while the home is worked on" on alice true
logged "is refused with the reason" 'the home is being worked on by ctrctl home: log in again when that is done'
is "another ctrctl waits for none" "$(ctrctl home commit alice 2>&1 | cut -c1-52)" "ctrctl: home commit: alice: the home is in use: Reso"
exec {store}<&-
succeeds "afterwards it is let in" on alice true
gone

# --- a course
echo one >/home/bob/lab
chown bob: /home/bob/lab
on alice 'echo alices >lab'
on bob 'echo bobs >lab'
on carol 'echo carols >lab'
gone
is "reset of a group is of its members, each told" "$(ctrctl home reset @lab)" "alice: reset
bob: reset"
is "and of nobody else" "$(on bob 'cat lab'; on carol 'cat lab')" "one
carols"
gone
on alice 'echo x >x'
hold bob
is "one that can't be tells, the others are done, and the code says so" "$(ctrctl home commit @lab 2>&1; echo $?)" \
	"alice: committed, 2 names, 2B
ctrctl: home commit: bob has a container: ctrctl kill bob ends it
1"
release
gone
is "snapshots of a group" "$(ctrctl home snapshot @lab week1 2>&1)" "alice: nothing is kept
bob: snapshot week1"
is "no such group" "$(ctrctl home reset @nobody-there 2>&1; echo $?)" "ctrctl: home reset: @nobody-there: no such group
1"

# --- hostile: what a user makes in it
on carol 'ln -sfn /etc etc; mkdir -p d; ln -s /root d/root; mkfifo f; : >"$(printf "\033]0;x\007")"; mkdir -p "$(printf "%0200d/" $(seq 24))"'
gone
before=$(md5sum /etc/passwd /etc/shadow | md5sum)
unlike "no name speaks to the terminal" "$(ctrctl home diff carol; ctrctl home status carol)" "$(printf '\033')"
like "commit merges it as it is" "$(ctrctl home commit carol)" '^carol: committed'
is "links stay links" "$(readlink /home/carol/etc /home/carol/d/root)" "/etc
/root"
is "and nothing outside changes" "$(md5sum /etc/passwd /etc/shadow | md5sum)" "$before"
mv /home/carol/etc /home/carol/other
ln -s /srv/away /home/carol/trap
mkdir -p /srv/away
chown carol: /srv/away
on carol 'rm trap; mkdir trap; echo x >trap/x'
gone
ctrctl home commit carol >/dev/null
is "a link in the way is replaced, not followed" "$(ls /srv/away; cat /home/carol/trap/x)" x

# --- templates
mkdir -p /srv/course
echo v1 >/srv/course/task
echo same >/srv/course/notes
mkdir /srv/course/unit
policy <<END
[user alice]
home = template:/srv/course
[user bob]
home = host
END
on alice 'echo mine >notes; mv unit my-unit; echo answer >my-unit/a'
gone
echo v2 >/srv/course/task
echo more >/srv/course/extra
mkdir /srv/course/unit2
mv /srv/course/unit /srv/course/unit1
rm -rf /srv/course.new && cp -a /srv/course /srv/course.new && rm -r /srv/course && mv /srv/course.new /srv/course
is "a template that was changed, even replaced, shows in the next container" "$(on alice 'cat task extra notes my-unit/a; ls -d unit*; stat -c %U task')" "v2
more
mine
answer
unit1
unit2
alice"
gone
is "what differs from it is told" "$(changes alice)" 'A         my-unit/  <-  unit
A         my-unit/a
M .c....t notes'
is "there is nothing to merge into" "$(ctrctl home commit alice 2>&1; echo $?)" "ctrctl: home commit: alice: what lies below is a template, which is everybody's: export the home, or copy from it
1"
like "an export has the template's files as the user's" "$(ctrctl home export alice | tar -tvf -)" 'alice/alice .* \./task$'
like "and the real .ssh" "$(ctrctl home export alice | tar -tf -)" '^\./\.ssh/authorized_keys$'
is "reset brings the template back" "$(ctrctl home reset alice notes; on alice 'cat notes; cat my-unit/a')" "alice: notes: reset
same
answer"
gone
is "home = host keeps nothing apart" "$(ctrctl home commit bob 2>&1; echo $?)" "ctrctl: home commit: bob: the policy keeps no home apart (home = overlay, or template)
1"
like "list has the column" "$(ctrctl list | head -1)" ' HOME$'

is "inside a container there is nothing to see" "$(on carol '/usr/sbin/ctrctl home status carol' 2>&1; echo $?)" \
	"ctrctl: home: only root may do this: log in as root, or use sudo
3"
gone
rm -rf /srv/{seen,course,away,alice.tar}
done_testing
