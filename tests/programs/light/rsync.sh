#!/bin/bash
# rsync: a tree with links, modes and times, over a pipe, then the difference.
# needs: rsync
set -euo pipefail

mkdir -p from/deep/er
seq 1 20000 >from/deep/numbers
ln -s numbers from/deep/link
ln from/deep/numbers from/deep/er/hard
chmod 640 from/deep/numbers
touch -d 2020-01-01 from/deep/numbers
rsync -aHX --rsh="sh -c 'shift; exec \"\$@\"' rsh" from/ host:"$PWD/to/"
seq 1 20001 >from/deep/numbers
rsync -aH --itemize-changes --delete from/ to/
diff -r from to
stat -c '%A %h %n' to/deep/numbers
