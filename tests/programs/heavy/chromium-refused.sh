#!/bin/bash
# What a user is told whose browser wants its sandbox, and who has no user namespaces.
# packages: chromium python3
# needs: chromium python3
set -euo pipefail

export HOME=$PWD
timeout 60 chromium --headless --disable-gpu --dump-dom about:blank >said 2>&1 && echo "it has one"
grep -oE 'No usable sandbox!|<html>' said | sort -u
