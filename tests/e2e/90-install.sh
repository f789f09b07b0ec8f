#!/bin/bash
# make install into DESTDIR, and out of it again.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

if [ ! -e "$WORLD_REPO/Makefile" ] || ! command -v make >/dev/null; then
	skip "make install" "no Makefile or no make here"
	done_testing
fi
# The repository is read-only in here: a copy, with what is built.
mkdir "$tap_dir/repo"
tar -C "$WORLD_REPO" --exclude=./.git --exclude=./build/test-log --exclude='./build/*/*.tap' -cf - . | tar -C "$tap_dir/repo" -xf -
cd "$tap_dir/repo" || exit 1
to=$tap_dir/dest
succeeds "make install DESTDIR" make -s install "DESTDIR=$to"
files=$(cd "$to" && find . -type f | LC_ALL=C sort)
for file in lib/.*/security/pam_ctr.so usr/libexec/pam_ctr/supervisor usr/libexec/pam_ctr/init \
	usr/libexec/pam_ctr/subid usr/libexec/pam_ctr/filter usr/libexec/pam_ctr/devices usr/sbin/ctrctl \
	usr/libexec/pam_ctr/seccomp/default usr/libexec/pam_ctr/seccomp/strict \
	etc/pam_ctr.conf usr/share/man/man8/pam_ctr.8 usr/share/man/man5/pam_ctr.conf.5 usr/share/man/man8/ctrctl.8 usr/share/man/man5/pam_ctr.seccomp.5 \
	usr/share/bash-completion/completions/ctrctl 'usr/share/zsh/[a-z-]*/_ctrctl' usr/share/fish/vendor_completions.d/ctrctl.fish \
	usr/share/pam_ctr/pam_ctr.json usr/share/pam_ctr/pam_ctr.rules.yml; do
	like "$file" "$files" "^\\./$file(\\.gz)?\$"
done
succeeds "a user finds ctrctl in his PATH, too" test "$to/usr/bin/ctrctl" -ef "$to/usr/sbin/ctrctl"
is "nothing is writable by others or setuid" "$(find "$to" -type f -perm /6022)" ""
is "programs are executable" "$(find "$to/usr/libexec" "$to/usr/sbin" -type f ! -path "*/seccomp/*" ! -perm -755)" ""
succeeds "the installed policy is accepted" ctrctl check "$to/etc/pam_ctr.conf"
echo "# mine" >>"$to/etc/pam_ctr.conf"
succeeds "make install again" make -s install "DESTDIR=$to"
like "keeps the policy that is there" "$(tail -1 "$to/etc/pam_ctr.conf")" '^# mine$'
succeeds "make uninstall" make -s uninstall "DESTDIR=$to"
is "leaves the admin's policy, no more" "$(cd "$to" && find . ! -type d)" "./etc/pam_ctr.conf"
# Everything is compiled anew for it.
LIMIT=240 succeeds "another PREFIX" make -s -j2 install "DESTDIR=$to/other" PREFIX=/usr/local
succeeds "is where it says" test -e "$to/other/usr/local/sbin/ctrctl"
done_testing
