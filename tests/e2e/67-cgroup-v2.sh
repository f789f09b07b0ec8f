#!/bin/bash
# What cgroup v2 alone can do, enforced and not only written: memory.high, memory.swap.max,
# cpu.weight, io.max by a device's name; and what a user reads of pressure.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

if ! cgroup_is_v2; then
	skip "limits of cgroup v2, enforced" "this machine has cgroup v1 controllers: make test-vm"
	done_testing
fi

count_of() { # USER FILE KEY
	awk -v key="$3" '$1 == key { print $2 }' "$(cgroup_of "$1" memory)/$2"
}

policy <<END
[default]
memory.high = 32M
memory.max = 256M
memory.swap.max = 0
END
hold alice
# Above it the kernel holds whoever allocates, longer and longer, and kills nobody.
is "memory.high: a hog does not get far" "$(on alice 'timeout -s KILL 8 attempt memory 160')" ""
number "it was held" "$(count_of alice memory.events high)" -ge 1
is "and nobody was killed for memory" "$(count_of alice memory.events oom_kill)" 0
is "what stays below is not held" "$(on alice 'attempt memory 8')" 8
for file in memory cpu io; do
	like "$file.pressure can be read inside" "$(on alice "cat /sys/fs/cgroup/$file.pressure")" '^some avg10=[0-9.]+ '
done
release
end_all

policy <<END
[default]
memory.max = 48M
memory.swap.max = 0
[user bob]
memory.oom.group = yes
END
out=$(on alice 'sleep 600 & attempt memory 200; kill -0 $! && echo "the other lives"')
like "memory.oom.group = no: one is killed, the other lives" "$out" '^the other lives$'
hold bob
out=$(on bob 'attempt memory 200; echo survived' 2>&1)
unlike "memory.oom.group = yes: the login goes with it" "$out" survived
succeeds "and the user's other one" wait_for 10 no_container bob
release
succeeds "the next login works" on bob true
end_all

# In the guest alone: a machine's own swap is not for tests.
if [ -e /usr/local/sbin/vm-agent ] && [ "$(wc -l </proc/swaps)" = 1 ]; then
	dd if=/dev/zero of=/var/tmp/swap bs=1M count=128 status=none && chmod 600 /var/tmp/swap
	mkswap -q /var/tmp/swap
	succeeds "a swap for the test" swapon /var/tmp/swap
	# What is on its way to the disk counts as both for a while: so with room.
	policy <<-END
		[default]
		memory.max = 64M
		memory.swap.max = 64M
		[user bob]
		memory.swap.max = 0
	END
	is "memory.swap.max: some of a program is in swap" "$(on alice 'attempt memory 80')" 80
	unlike "more than both is killed" "$(on alice 'attempt memory 180; echo "status $?"')" '^180$'
	like "without swap it is killed before" "$(on bob 'attempt memory 80; echo "status $?"')" '^status 137$'
	end_all
	swapoff /var/tmp/swap
	rm /var/tmp/swap
else
	skip "memory.swap.max" "a swap file is made in the guest alone: make test-vm"
fi

policy <<END
[default]
cpuset.cpus = 0
cpu_view = machine
cpu.weight = 100
[user bob]
cpu.weight = 400
END
# Both at work on the same CPU first; then what each gets in the same five seconds.
used() { # USER: microseconds
	awk '$1 == "usage_usec" { print $2 }' "$(cgroup_of "$1" cpu)/cpu.stat"
}
is_at_work() { # USER
	local before
	before=$(used "$1")
	sleep 0.5
	[ $(($(used "$1") - before)) -gt 50000 ]
}
LIMIT=60 on alice 'attempt cpu 40000' >/dev/null &
LIMIT=60 on bob 'attempt cpu 40000' >/dev/null &
succeeds "both are at work" wait_for 30 eval 'is_at_work alice && is_at_work bob'
alice=$(used alice) bob=$(used bob)
sleep 5
alice=$(($(used alice) - alice)) bob=$(($(used bob) - bob))
number "cpu.weight: four times the share (tenths)" "$((bob * 10 / (alice + 1)))" -ge 25
end_all
wait

# The device by its name: the disk that the homes are on.
number=$(mountpoint -d /home 2>/dev/null)
if [ -d "/sys/dev/block/$number" ] && [ ! -e "/sys/dev/block/$number/partition" ]; then
	mknod /dev/homedisk b "${number%:*}" "${number#*:}"
	policy <<-END
		[default]
		home = host
		[user bob]
		home = host
		io.max = /dev/homedisk wbps=1M
	END
	took() { # USER: milliseconds for four MiB, past the page cache
		# shellcheck disable=SC2016 # for the shell inside
		on "$1" 'a=${EPOCHREALTIME/./}; dd if=/dev/zero of=file bs=256k count=16 oflag=direct status=none || exit; b=${EPOCHREALTIME/./}
			rm file; echo $(((b - a) / 1000))'
	}
	hold bob
	is "io.max: the device by its numbers" "$(cat "$(cgroup_of bob io)/io.max")" "$number rbps=max wbps=1048576 riops=max wiops=max"
	slow=$(took bob)
	number "a write is slowed down to it" "$slow" -ge 2500
	number "another's is not" "$(took alice)" -le $((slow / 2))
	release
	log_mark
	policy <<-END
		[default]
		io.max = /dev/null wbps=1M
	END
	end_all
	fails "what is no disk has no limit" on bob true
	logged "and the log says so" '/dev/null.*[Bb]lock device required'
	rm /dev/homedisk
else
	skip "io.max" "homes are not on a whole disk here: make test-vm"
fi
policy <<END
[default]
io.weight = 50
END
hold alice
like "io.weight is taken" "$(cat "$(cgroup_of alice io)/io.weight")" '^default 50$'
release
end_all
done_testing
