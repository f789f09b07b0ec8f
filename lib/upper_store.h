/*
 * Where uppers are kept: PLACE_LIB/UID has a store for each root, which has a directory for
 * each mount with its upper and the kernel's work directory in it.  Names of these, and the
 * end of a store.
 */
#ifndef LIB_UPPER_STORE_H
#define LIB_UPPER_STORE_H

#include "lib/error.h"

#include <stddef.h>
#include <sys/types.h>

#define UPPER_STORE_ROOT "root"         /* over the host's tree */
#define UPPER_STORE_BASE "root-of-base" /* over an unpacked tree */
#define UPPER_STORE_HOME "home"         /* over the real home */
#define UPPER_STORE_TEMPLATE "home-of-template"
#define UPPER_NAME "upper"              /* in the directory of a mount */
#define UPPER_WORK_NAME "work"

/*
 * The name of a mount's directory: "/usr/sbin" is kept as "usr%2fsbin", "/" as "%2f".  Each
 * point has its own name, and the other way round.  -1: no name is long enough, or name is
 * none that was made here.
 */
int upper_store_name(const char *point, char *name, size_t size, struct error *err);
int upper_store_point(const char *name, char *point, size_t size, struct error *err);

/* PLACE_LIB/UID, opened; -1 with err->errnum ENOENT: nothing is kept. */
int upper_store_open(uid_t uid, struct error *err);

/*
 * Puts store (a name below directory) where no login finds it, in one step, for
 * upper_store_remove(): a kill between the two, or in the middle of the second, leaves a
 * whole store or none.  1: done, 0: there was none.
 */
int upper_store_set_aside(int directory, const char *store, struct error *err);

/* The same of a name in another directory of the same file system. */
int upper_store_set_aside_from(int directory, int from, const char *name, struct error *err);

/* Removes what was set aside, now or earlier.  The caller holds flock(directory). */
int upper_store_remove(int directory, struct error *err);

#endif
