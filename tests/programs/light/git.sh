#!/bin/bash
# git: a repository, commits, a clone over a pipe, a merge, a rebase, a repack and fsck.
# needs: git
set -euo pipefail

export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z' GIT_CONFIG_NOSYSTEM=1
git init -q -b main one
cd one
for n in 1 2 3; do
	seq $n 1000 >"file$n"
	git add .
	git commit -qm "number $n"
done
git clone -q --no-local . ../two
cd ../two
git checkout -q -b side HEAD~1
echo side >side
git add side
git commit -qm side
git rebase -q main
git checkout -q main
git merge -q --no-ff -m merged side
git gc -q
git fsck 2>&1 | grep -v '^notice' || true
git push -q origin main:back
git log --format='%H %s'
git -C ../one rev-parse back
