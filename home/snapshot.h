/*
 * Copies of what an upper keeps, beside its store: to look back at, and to go back to.  A copy is
 * of the changes alone; it shares blocks with the upper where the file system can.  As root, while
 * nobody else works there.
 */
#ifndef HOME_SNAPSHOT_H
#define HOME_SNAPSHOT_H

#include "home/progress.h"
#include "lib/error.h"

#include <stdbool.h>
#include <stdint.h>

#define SNAPSHOT_NAME_MAX 64

/* Letters, digits, '.', '_', '-', ':', '+'; none that begins with a dot. */
bool snapshot_is_name(const char *name);

/* Whose: PLACE_LIB/UID, opened, and the name of the store there. */
struct snapshots {
	int own;           /* not owned */
	const char *store;
	int lower;         /* not owned; what the upper lies over, -1: not to be copied from */
	struct progress *progress; /* may be NULL */
};

/*
 * There whole, and on the disk, or not at all.  Renamed directories are in it with what they show
 * of what lies below, since a commit moves that.  -1 with EEXIST: there is one of that name.
 */
int snapshot_make(const struct snapshots *snapshots, int upper, const char *name, struct error *err);

/*
 * Puts a copy of it in the upper's place, in one step; what was there is dropped.  store is the
 * store, opened.  -1 with ENOENT: there is no such snapshot.
 */
int snapshot_restore(const struct snapshots *snapshots, int store, const char *name,
    struct error *err);

/* 1: it was there, and is gone; 0: there was none. */
int snapshot_delete(const struct snapshots *snapshots, const char *name, struct error *err);

/* Each, by name: when it was made, seconds since the epoch, and what it takes. */
typedef int snapshot_visit(const char *name, int64_t since, uint64_t bytes, void *context);
int snapshot_list(const struct snapshots *snapshots, snapshot_visit *visit, void *context,
    struct error *err);

#endif
