/*
 * Waits until all that was made for a login is gone: the supervisor's last act is to remove its
 * directory, and its container's cgroups are gone then.  inotify(7).
 */
#ifndef BENCH_GONE_H
#define BENCH_GONE_H

/* Milliseconds that the way out may take. */
#define GONE_PATIENCE_MS 20000

/* Watches what is removed from directory.  A descriptor, the caller's; -1 after having said why. */
int gone_watch(const char *directory);

/* Returns 0 once path, right below the watched directory, is no more; -1 after having said why. */
int gone_await(int watch, const char *path);

#endif
