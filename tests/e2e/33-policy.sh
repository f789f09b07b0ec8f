#!/bin/bash
# A policy that is not as it must be lets nobody in but root, and the log says why.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

conf=/etc/pam_ctr.conf
cp $conf "$tap_dir/good"
cp -a /etc/pam_ctr.conf.d "$tap_dir/good.d" 2>/dev/null
snapshot_take

restore() {
	chmod 755 /etc
	rm -rf $conf
	cp "$tap_dir/good" $conf
	chown root:root $conf
	chmod 644 $conf
}

refused() { # NAME REGEX: what the log must say
	local before=${EPOCHREALTIME/./} out
	log_mark
	out=$(on alice 'readlink /proc/self/ns/pid' 2>&1)
	is "$1: no shell, and one sentence for the user" "$out" \
		"pam_ctr: your container could not be opened; the administrator finds the reason in the log"
	number "$1: in bounded time (ms)" $(((${EPOCHREALTIME/./} - before) / 1000)) -le $((8000 * patience))
	logged "$1: the log says why" "pam_ctr.*$2|$2.*pam_ctr"
	is "$1: in one line" "$(log_since | grep pam_ctr | grep -Ec -- "$2")" 1
	succeeds "$1: root is let in" on root true
	restore
}

printf '[nonsense]\nx = y\n' >>$conf
refused "an unknown section" 'nonsense'
printf '[default]\nmemory.maximum = 1G\n' >>$conf
refused "an unknown key" 'memory\.maximum'
printf '[default]\npids.max = many\n' >>$conf
refused "an unknown value" 'pids\.max'
printf '[default]\nhome = floating\nlogout = perhaps\ntmp_size = -1\n' >>$conf
log_mark
on alice true 2>/dev/null
logged "several faults at once: the first is logged" ':[0-9]+: home'
is "several faults at once: ctrctl check shows each, as file:line: key: reason" \
	"$(ctrctl check $conf 2>&1 | grep -cE "^(ctrctl: )?$conf:[0-9]+: (home|logout|tmp_size): .+")" 3
restore
for name in %u %U %u-%h %u-lab; do
	printf '[default]\nhostname = %s\n' "$name" >>$conf
	is "hostname = $name: what logins take, ctrctl check takes" "$(on bob true 2>&1; ctrctl check 2>&1)" "$conf: no faults"
	restore
	end_all
done
head -c 100000 /dev/urandom >$conf
refused "a binary file" "$conf"
head -c 2000000 /dev/zero | tr '\0' '#' >>$conf
refused "a huge file" "$conf"
printf 'x\0y = z\n' >>$conf
refused "a NUL byte" "$conf"
rm -f $conf && mkdir $conf
refused "a directory" "$conf"
rm -f $conf && mkfifo $conf
refused "a fifo" "$conf"
rm -f $conf && python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' $conf
refused "a socket" "$conf"
# Who reads his own memory at address 0 is told EIO.
rm -f $conf && ln -s /proc/self/mem $conf
refused "a file that can't be read" "read $conf: I/O error"
rm -f $conf
refused "a missing file" "$conf"
chmod 666 $conf
refused "a file that others may write" "$conf"
chmod 664 $conf
refused "a file that a group may write" "$conf"
chown alice $conf
refused "a file of a user's" "$conf"
cp $conf /home/alice/conf && rm -f $conf && ln -s /home/alice/conf $conf
refused "a link into a home" "pam_ctr\.conf|/home/alice"
rm -f /home/alice/conf
chmod 777 /etc
refused "a directory that others may write" "a directory above pam_ctr.conf is not root's alone"
# What a fault costs: kilobytes at the most that ctrctl check had, which reads a policy as logins do.
peak() { # FILE
	python3 - "$1" <<-END
		import resource, subprocess, sys
		subprocess.run(["ctrctl", "check", sys.argv[1]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30)
		print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
	END
}
: >"$tap_dir/empty"
truncate -s 1G "$tap_dir/endless"
head -c 64M /dev/zero | tr '\0' 'x' >"$tap_dir/one-line"
head -c 1048000 /dev/zero | tr '\0' 'x' >"$tap_dir/one-line-of-a-megabyte"
head -c 1048000 /dev/urandom >"$tap_dir/garbage"
seq -f '[user u%.0f]' 60000 | head -c 1048000 >"$tap_dir/sections"
yes 'bogus = 1' | head -c 1048000 >"$tap_dir/faults"
floor=$(peak "$tap_dir/empty")
for file in endless one-line one-line-of-a-megabyte garbage sections faults; do
	number "$file: little memory, little time (kB)" "$(peak "$tap_dir/$file")" -le $((floor + 16000))
done
printf '[user alice]\nslice = nowhere\n' >>$conf
refused "a slice that nothing defines" 'slice'
printf '[default]\ncpuset.cpus = 4000\n' >>$conf
refused "a CPU that the machine has not" 'cpuset\.cpus'
printf '[default]\nhostname = not_a.name!\n' >>$conf
refused "a hostname that is none" 'hostname'
printf '[default]\nread_only = relative/path\n' >>$conf
refused "a path that is not absolute" 'read_only'
mkdir -p $conf.d
printf '[default]\nbogus = 1\n' >$conf.d/50-bad.conf
refused "a fault in a file of pam_ctr.conf.d" '50-bad\.conf:2'
rm -f $conf.d/50-bad.conf
printf '[host]\nexempt = @sudo, carol\ncgroup = %s\n' "$WORLD_CGROUP" >$conf
is "exempt by name" "$(on carol 'readlink /proc/self/ns/pid')" "$(readlink /proc/self/ns/pid)"
isnt "the others are not" "$(on alice 'readlink /proc/self/ns/pid')" "$(readlink /proc/self/ns/pid)"
restore

# Who is told what.
printf '[default]\nbogus = 1\n' >>$conf
unlike "the user is not told what is in the policy" "$(timeout 20 script -qec 'su - alice -c true' /dev/null </dev/null 2>&1)" 'bogus|pam_ctr\.conf'
restore
succeeds "the next good login works" on alice true
wait_for 10 no_containers
nothing_left "nothing is left"

# Precedence: [default] [group] [user] [service], later wins.
policy <<END
[default]
hostname = of-default
[group lab]
hostname = of-group
[user bob]
hostname = of-user
[service su-l]
hostname = of-service
END
mkdir -p $conf.d
is "[default]" "$(on carol hostname)" of-default
is "[group]" "$(on alice hostname)" of-group
is "[user]" "$(on bob hostname)" of-user
wait_for 10 no_containers
is "[service]" "$(su - bob -c hostname)" of-service
printf '[user carol]\nhostname = of-d\n' >$conf.d/90.conf
wait_for 10 no_containers
is "pam_ctr.conf.d" "$(on carol hostname)" of-d
wait_for 10 no_containers
done_testing
