/*
 * Names become descriptors here, once.  The only file that may open, make or remove by
 * path what a user can reach; everybody else works on what this file opened.
 */
#ifndef LIB_PATH_H
#define LIB_PATH_H

#include "lib/error.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Opens an absolute path step by step.  Every directory on the way must be root's and not
 * writable by others (sticky is no exception), and so must a symbolic link's directory: what
 * only root can make is followed, what a user could have made is refused (ELOOP, EPERM).
 * The last component may be anybody's, but not a symbolic link in a user's directory.
 * Returns an O_PATH descriptor.  openat(2), path_resolution(7).
 */
int path_open_trusted(const char *path, struct error *err);

/*
 * The same in the tree below the directory root, which neither ".." nor a link leaves, and
 * where root_uid's is as good as root's: the outside's number of a container's root.
 */
int path_open_trusted_below(int root, uid_t root_uid, const char *path, struct error *err);

/*
 * path_open_trusted() of what is mounted there once an automounter has been asked, autofs(5); that takes as long as
 * the automounter does.
 */
int path_open_mounted(const char *path, struct error *err);

/* Reopens an O_PATH descriptor for reading; O_NONBLOCK, so that a fifo never blocks. */
int path_reopen(int fd, int flags, struct error *err);

/*
 * Reads a whole regular file of root's not writable by others, at most limit bytes, into
 * memory that is the caller's and ends with a NUL that is not counted.
 */
char *path_read_trusted(const char *path, size_t limit, size_t *length, struct error *err);

/*
 * mkdirat of one name and open of what is there then: a directory that only root can write
 * to, whose mode is lowered to mode if it is wider.
 */
int path_make_private(int directory, const char *name, mode_t mode, struct error *err);

/*
 * Opens a relative path beneath directory, following no symbolic link; flags as open(2).
 * openat2(2) RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS.  A path with ".." in it is EXDEV.
 */
int path_open_beneath(int directory, const char *path, int flags, struct error *err);

/* readdir(3), whose NULL is the end of the directory where errno is 0, and else an error. */
struct dirent *path_next_entry(DIR *directory);

/*
 * Removes name below directory with all that is in it, iteratively, never crossing a mount
 * or a link.  A missing name is no error.
 */
int path_remove_tree(int directory, const char *name, struct error *err);

#endif
