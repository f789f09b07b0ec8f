#!/bin/bash
# A Debian source package with autoconf and a test suite, built by gcc: what configure finds, and
# what the tests say.
# packages: gcc make libc6-dev dpkg-dev patch xz-utils
# source: hello
set -euo pipefail

dpkg-source --no-check -x "$(dirname "$0")"/../sources/hello_*.dsc hello >log
cd hello
./configure >configure.log 2>&1
sort config.h | cksum
make -s -j2 >make.log 2>&1
./hello
make check >check.log 2>&1 || cat check.log
grep -E '^(# )?(PASS|FAIL|ERROR|XFAIL|SKIP)' check.log | sort
