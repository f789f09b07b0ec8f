#!/bin/bash
# python3: those of its own tests that are about the system, in seconds; the results of each.
set -euo pipefail

"$(dirname "$0")/../python-tests" test_fcntl test_mmap test_select test_selectors test_poll test_epoll test_signal \
	test_posix test_resource test_tempfile test_pty test_socketpair test_threadsignals test_memfd \
	test_os test_openpty test_pipes test_popen test_wait3 test_wait4 test_fork1 test_sched test_time \
	test_syslog test_pwd test_shutil test_glob test_crypt test_posixpath
