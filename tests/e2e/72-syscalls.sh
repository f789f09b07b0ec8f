#!/bin/bash
# What each shipped filter does to each system call, of each kind of program: the probe's answers
# under the filter are those without it, but where the filter's text refuses the call.  The same
# with the errno replaced by one that no kernel gives, so that a refusal is never taken for the
# kernel's own.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

probes=/usr/libexec/pam_ctr-test
if [ ! -x $probes/syscalls ]; then
	skip "the filters by the probe" "it is for x86"
	done_testing
fi
abis=(x86_64 x32 int80 i386)

# cases ABI: calls whose arguments filters look at, each once more with garbage above 32 bits
cases() {
	local ioctl clone unshare socket personality keyctl value upper=0xdeadbeef family operation above words
	case $1 in
	x86_64) ioctl=16 clone=56 unshare=272 socket=41 personality=135 keyctl=250 ;;
	x32) ioctl=514 clone=56 unshare=272 socket=41 personality=135 keyctl=250 ;;
	*) ioctl=54 clone=120 unshare=310 socket=359 personality=136 keyctl=288 ;;
	esac
	[ "$1" != i386 ] || upper=
	for above in 0x $upper; do
		# TCGETS, TIOCSTI, TIOCLINUX
		printf "$ioctl,-1,$above%s\n" 00005401 00005412 0000541c
		# SIGCHLD alone and with each CLONE_NEW...
		printf "$clone,$above%s\n" 00000011 10000011 00020011 20000011 40000011 08000011 04000011 02000011
		printf "$unshare,$above%s\n" 00000000 00000200 00000400 10000000 00020000 20000000 40000000 \
			08000000 04000000 02000000
		printf "$personality,$above%s\n" ffffffff 00000000 00000008 00040000 00400000 00100000 00140000
		# Of all families; there is no type 15, so that no kernel loads a family's module.
		for family in {0..50}; do
			printf "$socket,$above%08x,${above}0000000f\n" "$family"
		done
		# On a key that there is not, by a name that is nowhere; 18 gives its parent a keyring.
		for operation in {0..17} {19..40}; do
			printf "$keyctl,$above%08x,0x7ffffffe,0x7ffffffe\n" "$operation"
		done
		# Streams, datagrams and raw ones of AF_UNIX and AF_INET; netlink's route, audit, generic
		for value in '1 1 0' '1 80002 0' '2 1 0' '2 80802 0' '2 3 0' '2 a 0' 'a 1 0' 'a 2 0' 'a 3 0' \
			'10 3 0' '10 80002 9' '10 3 10' '10 3 f'; do
			read -ra words <<<"$value"
			printf "$socket,$above%08x,$above%08x,$above%08x\n" "${words[@]/#/0x}"
		done
	done
}

# Runs inside, all of it in one login; "=" before each table.
{
	echo '#!/bin/bash'
	for abi in "${abis[@]}"; do
		program=$probes/syscalls
		[ "$abi" != i386 ] || program=${program}32
		echo "echo = $abi all; $program $abi"
		echo "echo = $abi cases; $program $abi $(cases "$abi" | tr '\n' ' ')"
	done
} >/srv/probe
chmod 755 /srv/probe

# try_all USER SECCOMP NESTING: the tables, in files named after what they are of
try_all() {
	local user=$1 seccomp=$2 nesting=$3 command=/srv/probe
	policy <<-END
		[default]
		seccomp = $seccomp
		nesting = $nesting
		[user alice]
		profile = sealed
		[user carol]
		profile = machine
	END
	[ "$user" = alice ] || command="sudo -n $command"
	LIMIT=100 on "$user" "$command" 2>&1 | awk -v to="$tap_dir/$user.$seccomp.$nesting" \
		'$1 == "=" { file = to "." $2 "." $3; next } { print >file }'
	end_all
}

# compare USER FILTER NESTING
compare() {
	local abi part table
	for abi in "${abis[@]}"; do
		for part in all cases; do
			table=$tap_dir/$1.$2.$3.$abi.$part
			filter_table "$3" "$2" <"$tap_dir/$1.none.$3.$abi.$part" >"$table.wanted" 2>&1
			filter_table "$3" - <"$table" >"$table.got" 2>&1
			is "$1, $2, nesting = $3: $abi, $part" "$(diff "$table.wanted" "$table.got")" ""
			number "$1, $2, nesting = $3: $abi, $part: there is something to compare" \
				"$(wc -l <"$table.got")" -gt 80
		done
	done
}

# refused NAME TABLE ERRNO CALL...: whatever the text says
refused() {
	local call got
	for call in "${@:4}"; do
		got=$(awk -v call="$call" -v errno="errno=$3" '$3 == call { seen = 1; if ($4 != errno) print }
			END { if (!seen) print "no such call" }' "$2")
		is "$1: $call" "$got" ""
	done
}

# operations NAME TABLE CALL ERRNO WANTED: the first arguments of CALL that were not refused by ERRNO
operations() {
	is "$1: $3 as" "$(awk -v call="$3" -v errno="errno=$4" '$3 == call && $4 != errno { print $5 }' "$2" |
		sed 's/^deadbeef0*\(.\)/\1/' | sort -u | tr '\n' ' ')" "$5"
}

rm -f /etc/pam_ctr.conf.d/00-profile.conf
mkdir -p /etc/pam_ctr.seccomp.d
for name in default strict; do
	# EDOTDOT is of no kernel's code.
	sed 's/\bEPERM\b/EDOTDOT/' "/usr/libexec/pam_ctr/seccomp/$name" >"/etc/pam_ctr.seccomp.d/$name-marked"
done
snapshot_take

for user in alice carol; do
	for nesting in no yes; do
		for seccomp in none default strict default-marked strict-marked; do
			try_all $user $seccomp $nesting
			[ $seccomp = none ] || compare $user $seccomp $nesting
		done
	done
done

for user in alice carol; do
	for abi in "${abis[@]}"; do
		native=(perf_event_open bpf userfaultfd request_key init_module finit_module
			delete_module kexec_load open_by_handle_at swapon swapoff acct quotactl reboot
			settimeofday clock_settime adjtimex syslog iopl ioperm io_uring_setup fanotify_init)
		for nesting in no yes; do
			refused "$user, default, nesting = $nesting, $abi" "$tap_dir/$user.default-marked.$nesting.$abi.all.got" \
				73 "${native[@]}"
		done
		refused "$user, default, $abi" "$tap_dir/$user.default-marked.no.$abi.all.got" 73 mount umount2 pivot_root \
			setns fsopen move_mount
		refused "$user, default, $abi: libcs fall back" "$tap_dir/$user.default-marked.no.$abi.all.got" 38 clone3
		refused "$user, strict, $abi" "$tap_dir/$user.strict-marked.yes.$abi.all.got" 73 mount ptrace \
			process_vm_readv unshare setns add_key keyctl "${native[@]}"
		# As pam_keyinit does: get a keyring's id, join, revoke, link.
		operations "$user, strict, $abi" "$tap_dir/$user.strict-marked.yes.$abi.cases.got" keyctl 73 "0 1 3 8 "
		for call in add_key keyctl; do
			isnt "$user, default, $abi: keyrings of one's own: $call" "$(awk -v call=$call '$3 == call { print $4 }' \
				"$tap_dir/$user.default-marked.no.$abi.all.got")" errno=73
		done
		is "$user, default, $abi: typing into a terminal" "$(awk '$3 == "ioctl" && $4 == "errno=73" { print $6 }' \
			"$tap_dir/$user.default-marked.yes.$abi.cases.got" | sort -u | sed 's/^deadbeef0*//' | sort -u | tr '\n' ' ')" \
			"5412 541c "
	done
done
nothing_left "nothing is left"
done_testing
