#!/bin/bash
# python3's own tests of sockets, processes, threads, event loops, signals and foreign functions.
# packages: python3 libpython3.11-testsuite
set -euo pipefail

"$(dirname "$0")/../python-tests" test_socket test_subprocess test_threading test_thread test_multiprocessing_fork \
	test_multiprocessing_main_handling test_asyncio test_signal test_selectors test_poll test_ctypes \
	test_threadsignals test_wait3 test_wait4 test_fork1 test_popen test_posix test_mmap \
	test_os test_sched test_syslog test_ssl test_socketserver test_httpservers test_eintr
