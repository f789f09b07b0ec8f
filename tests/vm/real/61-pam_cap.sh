#!/bin/bash
# pam_cap in the auth stack, Debian's libpam-cap: sshd has it set the inheritable capabilities once more
# after the session was opened.  What the policy's bounding set lacks, nobody gets by it.
# shellcheck source=guest.sh
. "$(dirname "$0")/guest.sh"

if ! host 'test -e /lib/x86_64-linux-gnu/security/pam_cap.so'; then
	skip "pam_cap" "not in the guest"
	done_testing
fi
cap() { # TEXT NAME: the set NAME of what status says, as a number
	echo $((0x$(sed -n "s/^Cap$2:[[:space:]]*//p" <<<"$1")))
}
SYS_ADMIN=$((1 << 21))
host 'export DEBIAN_FRONTEND=noninteractive; pam-auth-update --enable capability
cp /bin/sleep /usr/local/bin/raising; cp /bin/sleep /usr/local/bin/ruling
setcap cap_net_raw+ei /usr/local/bin/raising; setcap cap_sys_admin+ei /usr/local/bin/ruling'
trap 'host "DEBIAN_FRONTEND=noninteractive pam-auth-update --disable capability; rm -f /usr/local/bin/raising /usr/local/bin/ruling /etc/security/capability.conf"; tap_exit' EXIT
effective='for program in raising ruling; do $program 5 </dev/null >/dev/null 2>&1 & sleep 0.3; sed -n "s/^CapEff:[[:space:]]*0*/$program /p" /proc/$!/status; done 2>/dev/null'

for lines in 'cap_net_raw,cap_sys_admin alice' '^cap_net_raw alice' 'cap_sys_admin alice' '!cap_sys_boot,cap_net_raw alice'; do
	"$VM_SSH" root 'cat >/etc/security/capability.conf' <<<"$lines"
	for profile in shared sealed machine; do
		policy_of "profile = $profile"
		name="$profile, $lines"
		out=$(on alice "grep ^Cap /proc/self/status; $effective")
		status=$(grep ^Cap <<<"$out")
		bounding=$(cap "$status" Bnd)
		number "$name: a login" "$(wc -l <<<"$status")" -eq 5
		is "$name: nothing inheritable beyond the bounding set" $(($(cap "$status" Inh) & ~bounding)) 0
		is "$name: not sys_admin" $(($(cap "$status" Inh) & SYS_ADMIN)) 0
		is "$name: nothing that a process has, or hands on by itself" "$(cap "$status" Prm) $(cap "$status" Eff) $(cap "$status" Amb)" "0 0 0"
		unlike "$name: no program of sys_admin" "$out" '^ruling [1-9a-f]'
		# Elsewhere setuid programs count, and so do these: in machine over the container's own.
		[ $profile != sealed ] || unlike "$name: nor of net_raw, by the host's file" "$out" '^raising [1-9a-f]'
		end_all
	done
done
done_testing
