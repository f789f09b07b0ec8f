#!/bin/bash
# sqlite3: transactions of two processes on one file, with a write-ahead log in shared memory.
# needs: sqlite3
set -euo pipefail

sqlite3 base 'pragma journal_mode = wal; create table t (n integer primary key, text);'
insert() {
	for n in {1..20}; do
		sqlite3 -cmd '.timeout 60000' base "insert into t (text) values ('$1 $n');"
	done
}
insert a &
insert b
wait $!
sqlite3 base "select count(*), count(distinct text) from t; pragma integrity_check;"
