#!/bin/bash
# THREATS H18: an account's numbers change, or it is deleted, while its container lives.  What lives is what it
# was; nobody gets into it under other numbers, and no file changes hands.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

cp /etc/passwd /etc/group "$tap_dir"
account() { # SED-EXPRESSION: of alice's line, from the line that she had at first
	sed "/^alice:/$1" "$tap_dir/passwd" >/etc/passwd.new && mv /etc/passwd.new /etc/passwd
}
owners() { find /home/alice /var/lib/pam_ctr -path /var/lib/pam_ctr/seccomp -prune -o -printf '%U:%G %p\n' | LC_ALL=C sort; }
as_su() { su alice -c "$1" 2>&1; }
container_lives() { [ "$(readlink "/proc/$old/ns/pid")" = "$pid_ns" ] && echo lives; }
who='echo "$(id -u):$(id -g) $(readlink /proc/self/ns/pid)"'

# shellcheck disable=SC2016 # for the shell inside
on alice 'echo kept >kept; echo "$(id -G)"' >/dev/null
wait_for 10 no_containers
hold alice
old=$(init_of alice)
pid_ns=$(readlink "/proc/$old/ns/pid")
is "before: alice is where she should be" "$(as_su "$who")" "2001:2001 $pid_ns"
owners >"$tap_dir/owners"

# --- another uid

account 's/:2001:2001:/:2901:2001:/'
log_mark
unlike "another uid: not into the old container" "$(as_su "$who")" "$(printf '%s' "$pid_ns" | tr -cd '0-9')"
logged "its home is the old uid's: refused, and the log says so" 'login refused: user=alice uid=2901 .*the home /home/alice belongs to uid 2001, not to uid 2901'
is "nothing changed hands" "$(diff "$tap_dir/owners" <(owners | grep -v ' /var/lib/pam_ctr/2901'))" ""
is "who was in it is in it" "$(kill -0 "$held" && readlink "/proc/$old/ns/pid")" "$pid_ns"
like "list shows the old one by its number" "$(ctrctl list)" '(alice|2001)'
install -d -m 700 -o 2901 -g 2001 /home/renumbered
account 's/:2001:2001:\(.*\):\/home\/alice:/:2901:2001:\1:\/home\/renumbered:/'
new=$(as_su "$who")
like "with a home of its own: in" "$new" '^2901:2001 pid:'
isnt "a container of its own" "${new#* }" "$pid_ns"
is "where nothing of the old uid's is seen" "$(as_su 'ls -d /home/renumbered/kept 2>/dev/null; ps -eo uid= | grep -c 2001')" 0
is "nothing changed hands now either" "$(diff "$tap_dir/owners" <(owners | grep -v ' /var/lib/pam_ctr/2901'))" ""

# --- another gid

account 's/:2001:2001:/:2001:2902:/'
sed -i '$a renumbered:x:2902:' /etc/group
log_mark
third=$(as_su "$who")
case $third in
"2001:2902 $pid_ns") fail "another gid: not into what was built for the old one" "$third" ;;
*) ok "another gid: not into what was built for the old one" ;;
esac
logged "the log says what to do" 'login refused: user=alice uid=2001 .*gid.*ctrctl kill'
is "and who was in it is in it" "$(kill -0 "$held" && echo lives)" lives

# --- two names of one uid, and a uid that is given out again

cat "$tap_dir/passwd" >/etc/passwd
echo 'alicia:x:2001:2001::/home/alice:/bin/bash' >>/etc/passwd
is "another name of the same uid, with the same home: the same container" \
	"$(pam_caller --user alicia --calls open,fork -- readlink /proc/self/ns/pid | tr '\n' ' ')" "open: PAM_SUCCESS $pid_ns fork: 0 "
sed -e '/^alice:/d' -e '$a zoe:x:2001:2001::/home/zoe:/bin/bash' "$tap_dir/passwd" >/etc/passwd
log_mark
is "the uid is zoe's now: not into alice's container" "$(pam_caller --user zoe --calls open 2>&1 | tail -1)" "open: PAM_SESSION_ERR"
logged "the log says whose it is, and what to do" 'login refused: user=zoe uid=2001 .*container of user alice .*ctrctl kill 2001'
like "ctrctl list tells whose it is" "$(ctrctl list)" '^alice +2001 '
like "ctrctl kill by another's name ends nothing" "$(ctrctl kill bob 2>&1; container_lives)" '^lives$'

# --- no account at all

sed -i '/^alicia:/d; /^zoe:/d' /etc/passwd
log_mark
like "deleted: the container is listed" "$(ctrctl list)" '(alice|2001)'
like "shown by its number" "$(ctrctl show 2001)" '2001'
succeeds "and ended by its number" ctrctl kill 2001
wait "$held" 2>/dev/null
gone() { [ ! -e /run/pam_ctr/2001 ] && [ ! -e "/proc/$old" ]; }
succeeds "nothing of it is left" wait_for 10 gone
is "but for what is hers" "$(diff "$tap_dir/owners" <(owners | grep -v ' /var/lib/pam_ctr/2901'))" ""

cat "$tap_dir/passwd" >/etc/passwd
cat "$tap_dir/group" >/etc/group
release
wait_for 10 no_containers
is "with the account back the next login finds its home" "$(on alice 'cat kept')" kept
wait_for 10 no_containers
done_testing
