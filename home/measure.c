/*
 * Opens nothing but directories.
 */
#include "home/measure.h"

#include "home/progress.h"
#include "lib/walk.h"

#include <errno.h>
#include <sys/stat.h>

#define BLOCK 512 /* inode(7): of st_blocks */

static int
visit(struct walk *walk, const char *name, const struct stat *st, struct error *err)
{
	uint64_t *bytes = walk->context;

	if (S_ISDIR(st->st_mode)) {
		*bytes += (uint64_t)st->st_blocks * BLOCK;
		walk->child.from = walk_open(walk->from, name);
		/* It may have gone: the tree is looked at while it is in use. */
		return walk->child.from < 0 && errno != ENOENT ? error_set(err, errno, "open") : 0;
	}
	*bytes += (uint64_t)st->st_blocks * BLOCK / st->st_nlink;
	return 0;
}

int
measure_tree(int directory, uint64_t *bytes, struct error *err)
{
	static const struct walk_operations operations = { .visit = visit };

	*bytes = 0;
	return walk_run(&operations, bytes, directory, -1, NULL, err);
}

static int
expect(struct walk *walk, const char *name, const struct stat *st, struct error *err)
{
	struct progress *progress = walk->context;

	progress->names_total++;
	if (S_ISREG(st->st_mode))
		progress->bytes_total += (uint64_t)st->st_blocks * BLOCK;
	if (!S_ISDIR(st->st_mode))
		return 0;
	walk->child.from = walk_open(walk->from, name);
	return walk->child.from < 0 && errno != ENOENT ? error_set(err, errno, "open") : 0;
}

int
progress_expect(struct progress *progress, int directory, struct error *err)
{
	static const struct walk_operations operations = { .visit = expect };

	return walk_run(&operations, progress, directory, -1, NULL, err);
}
