#!/bin/bash
# python3: those of its own tests that are about the system and take seconds; each one's result.
# needs: python3
set -euo pipefail

"$(dirname "$0")/../python-tests" test_fcntl test_mmap test_select test_epoll test_posix test_resource \
	test_tempfile test_pty test_os test_openpty test_pwd test_shutil
