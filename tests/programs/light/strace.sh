#!/bin/bash
# strace: children followed, a count of calls, a fault injected, and a process attached to.
set -euo pipefail

strace -f -qq -o trace -e trace=execve,exit_group sh -c 'true | /bin/cat /dev/null; /bin/echo done'
sed 's/^[0-9]* *//; s/\[.*\]/[]/; s/0x[0-9a-f]*.*/ADDRESS/' trace | sort
strace -c -o count -e trace=openat /bin/true
grep -c openat count
strace -qq -e trace=none -e inject=mkdir,mkdirat:error=EDQUOT /bin/mkdir directory 2>&1 | sed 's/.*: //' || true
mkfifo in
cat in >out &
exec 3>in
strace -qq -o attached -e trace=read,exit_group -p $! 2>told &
tracer=$!
# It says nothing before it has attached: TracerPid does.
until grep -q "^TracerPid:[[:space:]]*[1-9]" "/proc/$(jobs -p %1)/status"; do :; done
exec 3>&-
wait $tracer || true
grep -c exit_group attached
