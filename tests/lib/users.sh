# Sourced by whoever needs many users in a world.
# shellcheck shell=bash

# add_users COUNT [FIRST]: u1, u2, ... with uid 3000 and on, homes and subordinate ids
add_users() {
	local n uid first=${2:-1}
	for ((n = first; n < first + $1; n++)); do
		uid=$((3000 + n))
		echo "u$n:x:$uid:$uid::/home/u$n:/bin/bash" >>/etc/passwd
		echo "u$n:x:$uid:" >>/etc/group
		echo "u$n:$((uid * 100000)):65536" | tee -a /etc/subuid >>/etc/subgid
		install -d -m 700 -o "$uid" -g "$uid" "/home/u$n"
	done
}
