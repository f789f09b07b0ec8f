#!/bin/bash
# A headless browser in its own sandbox, which is of user namespaces: the page after its script ran,
# and a picture of it.
# packages: chromium python3
# needs: chromium python3
# policy: nesting = yes
set -euo pipefail

exec "$(dirname "$0")/../browse"
