#!/bin/bash
# vim: an edit by commands, a filter through a shell and text from one.
# needs: vi
set -euo pipefail

seq 1 50 >text
vi -u NONE -N -es -c '%s/^/line /' -c '10,20d' -c '$r !echo from a shell' -c '%!sort -r' -c wq text </dev/null
head -3 text
cksum text
