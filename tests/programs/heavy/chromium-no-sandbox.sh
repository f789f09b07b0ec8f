#!/bin/bash
# A headless browser where no user namespaces are to be had (nesting = no): its own sandbox is given up.
# packages: chromium python3
# needs: chromium python3
set -euo pipefail

exec "$(dirname "$0")/../browse" --no-sandbox
