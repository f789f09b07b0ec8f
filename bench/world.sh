# Sourced by the parts, in a world (tests/world): the services that are measured, a process for each case, and
# lines of figures on standard output: PART,SETTING,CASE,FIGURE,UNIT,VALUE.
# shellcheck shell=bash
set -euo pipefail
exec 3>&1 1>&2

# shellcheck source=../tests/lib/users.sh
. "$WORLD_REPO/tests/lib/users.sh"

part=$(basename "$0" .sh)
programs=$WORLD_BUILD/bench
rounds=${BENCH_ROUNDS:-40}
gap=${BENCH_GAP:-60}
scratch=$(mktemp -d /tmp/bench.XXXXXX)

die() {
	echo "bench: $part: $*" >&2
	exit 1
}

# say SETTING CASE FIGURE UNIT VALUE
say() {
	local IFS=,
	echo "$part,$*" >&3
}

# skip CASE REASON: told in the report
skip() {
	say skipped "$1" reason text "${2//,/;}"
}

# --- what is measured ----------------------------------------------------------------------------

# Whose login a case is; a container has one /dev and one filter, so what a user may do is by user.
declare -A user=([bare]=u1 [ruled]=u2 [guarded]=u3 [netns]=u5)
declare -A service=([bare]=sealed [ruled]=sealed [guarded]=sealed [netns]=sealed [su]=shared [dirty]=sealed)

user_of() {
	echo "${user[$1]:-alice}"
}

state_of() {
	echo "/run/pam_ctr/$(id -u "$(user_of "$1")")"
}

# add_service NAME LINE
add_service() {
	printf '%s\n' "auth required pam_permit.so" "account required pam_permit.so" "session required $2" >"/etc/pam.d/bench-$1"
}

declare -A module=(
	[permit]="pam_permit.so"
	[limits]="pam_limits.so conf=/etc/security/bench-limits.conf"
	[namespace]="pam_namespace.so mount_private"
	[shared]="$WORLD_BUILD/pam_ctr.so"
	[sealed]="$WORLD_BUILD/pam_ctr.so"
	[machine]="$WORLD_BUILD/pam_ctr.so"
)

prepare() {
	local name
	for name in "${!module[@]}"; do
		add_service "$name" "${module[$name]}"
	done
	add_users 5
	prepare_policy
	printf '%s\n' '* soft nofile 1024' '* soft core 0' >/etc/security/bench-limits.conf
	echo '/tmp /var/tmp-inst/ user root' >/etc/security/namespace.conf
	mkdir -m 000 /var/tmp-inst
	install -d -m 700 /run/pam_ctr /var/lib/pam_ctr /var/lib/floor
	install -d -m 755 /run/user
	# The filters are compiled at the first login, and the floor loads one of them.
	for name in shared sealed; do
		pam_caller --service "bench-$name" --user alice --calls open,close >/dev/null
		await_gone "$name"
	done
}

prepare_policy() {
	local name
	for name in shared sealed machine; do
		printf '[service bench-%s]\nprofile = %s\n[service sshd-%s]\nprofile = %s\n' "$name" "$name" "$name" "$name"
	done >>/etc/pam_ctr.conf
	local rules="allow subsystem=tty ID_VENDOR_ID=2341, allow subsystem=tty ID_VENDOR_ID=1a86, allow devnode=/dev/kvm, allow devnode=/dev/fuse, allow devnode=/dev/net/tun, allow subsystem=sound, allow subsystem=video4linux, allow subsystem=drm, deny sysname=card9, allow subsystem=usb attr{idVendor}=0483"
	cat >>/etc/pam_ctr.conf <<-END
		[user u1]
		seccomp = none
		[user u2]
		seccomp = none
		devices = $rules
		[user u3]
		seccomp = default
		devices = $rules
		[user u4]
		seccomp = default
		devices = $rules
		[user u5]
		network = private
	END
}

await_gone() {
	local try
	for ((try = 0; try < 500; try++)); do
		[ -e "$(state_of "$1")" ] || return 0
		sleep 0.02
	done
	die "$1: $(state_of "$1") is still there"
}

# The cgroups of all containers, one a hierarchy, as the plan has them: the floor's are in the same.
cgroups_of_all() {
	"$WORLD_BUILD/ctrctl" plan alice bench-shared | awk -v name="/$WORLD_CGROUP" '$2 == "cgroup-make" && substr($3, length($3) - length(name) + 1) == name { print $3 }'
}

# floor_command serve|once: in the array command
floor_command() {
	mapfile -t command < <(cgroups_of_all)
	[ ${#command[@]} -gt 0 ] || die "the plan names no cgroups"
	command=("$programs/floor" "$1" /usr/libexec/pam_ctr/init 2001 /home/alice /var/lib/floor
		/var/lib/pam_ctr/seccomp/default.nesting "${command[@]}")
}

# --- a process for each case: a line with a gap in, a line of figures out ----------------------------

declare -A to from # descriptors of each case's pipes

# start NAME COMMAND...
start() {
	local name=$1 write read
	mkfifo "$scratch/$name.to" "$scratch/$name.from"
	"${@:2}" <"$scratch/$name.to" >"$scratch/$name.from" 3>&- &
	exec {write}>"$scratch/$name.to" {read}<"$scratch/$name.from"
	to[$name]=$write from[$name]=$read
}

# ask NAME GAP: the figures, in the array answer
ask() {
	echo "$2" >&"${to[$1]}" || die "$1 ended"
	IFS=, read -r -t 120 -u "${from[$1]}" -a answer || die "$1: no figures"
}

# start_cycle NAME: see bench/cycle.h
start_cycle() {
	local command=("$programs/caller" "bench-${service[$1]:-$1}" "$(user_of "$1")")
	case $1 in
	floor) floor_command serve ;;
	su) command+=(initgroups) ;;
	dirty) command+=("dirty=/var/lib/bench-dirty") ;;
	esac
	start "$1" "${command[@]}"
	# What only a first time costs is nobody's.
	ask "$1" 0
	ask "$1" 0
}

# cycle SETTING NAME GAP
cycle() {
	local steps=(open second close gone) i
	ask "$2" "$3"
	for i in "${!steps[@]}"; do
		say "$1" "$2" "${steps[$i]}" ns "${answer[$i]}"
	done
}
