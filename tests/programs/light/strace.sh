#!/bin/bash
# strace: children followed, a count of calls, a fault injected, and a process attached to.
# needs: strace
set -euo pipefail

# A file for each: in one, calls of two that overlap are torn in half.
strace -ff -qq -e signal=none -o trace -e trace=execve,exit_group sh -c 'true | /bin/cat /dev/null; /bin/echo done'
cat trace.* | sed 's/\[.*\]/[]/; s/0x[0-9a-f]*.*/ADDRESS/' | sort
strace -c -o count -e trace=openat /bin/true
grep -c openat count
strace -qq -o /dev/null -e inject=mkdir,mkdirat:error=EDQUOT /bin/mkdir directory 2>&1 | sed 's/.*: //' || true
mkfifo in
cat in >out &
exec 3>in
strace -qq -o attached -e trace=read,exit_group -p $! 2>told 3>&- &
tracer=$!
# It says nothing before it has attached: TracerPid does.
until grep -q "^TracerPid:[[:space:]]*[1-9]" "/proc/$(jobs -p %1)/status"; do :; done
exec 3>&-
wait $tracer || true
grep -c exit_group attached
