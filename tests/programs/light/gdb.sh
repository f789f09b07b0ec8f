#!/bin/bash
# gdb: a breakpoint, a watchpoint, a backtrace and steps in a program that it starts (without
# randomized addresses: personality), and the same program attached to.
# needs: gdb gcc
set -euo pipefail

cat >prey.c <<'END'
#include <stdio.h>
#include <unistd.h>
static volatile int counter;
static int
step(int n)
{
	counter += n;
	return counter;
}
int
main(int argc, char **argv)
{
	char byte;
	int got = step(argc) + step(40);
	if (argv[1]) {
		printf("waits\n");
		fflush(stdout);
		got += (int)read(0, &byte, 1);
	}
	printf("got %d\n", got);
}
END
gcc -g -O0 -o prey prey.c
export DEBUGINFOD_URLS=
gdb -nx -batch -ex 'break step' -ex run -ex bt -ex 'watch counter' -ex continue -ex 'print counter' \
	-ex 'delete' -ex 'info inferiors' -ex finish -ex 'continue' ./prey 2>&1 |
	grep -E '^(#|\$|Breakpoint|Hardware|Old|New|got|\[Inferior)' | sed 's/process [0-9]*/process N/; s/0x[0-9a-f]*/ADDRESS/g'

mkfifo in
coproc PREY { exec ./prey wait <in 2>&1; }
exec 3>in
read -r -u "${PREY[0]}" line
[ "$line" = waits ]
# shellcheck disable=SC2153 # coproc sets PREY_PID
gdb -nx -batch -p "$PREY_PID" -ex 'up-silently 99' -ex 'frame function main' -ex 'print argc' -ex 'print counter' \
	-ex 'set var counter = 7' -ex 'print counter' -ex detach 2>&1 | grep '^\$'
exec 4<&"${PREY[0]}"
exec 3>&-
cat <&4
