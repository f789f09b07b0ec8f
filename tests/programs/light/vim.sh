#!/bin/bash
# vim: an edit by commands, a filter through a shell, undo and a swap file.
set -euo pipefail

seq 1 50 >text
vim -u NONE -es -c '%s/^/line /' -c '10,20d' -c '$r !echo from a shell' -c '%!sort -r' -c 'undo' -c 'redo' -c wq text </dev/null
head -3 text
cksum text
