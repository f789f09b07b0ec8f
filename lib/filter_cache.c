/*
 * An entry is believed if its sum is right, this compiler made it, and its texts are the ones that
 * are there now: nobody has to remember to throw the cache away.
 */
#include "lib/filter_cache.h"

#include "lib/command.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/places.h"
#include "lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMPILE_MS 5000

/* A text that is gone or can't be read is another text: the compiler says what is wrong with it. */
static bool
text_is_current(const struct filter_entry_text *text)
{
	struct error ignored = ERROR_INIT;
	size_t length;
	autofree char *now = filter_source_read(text->name, &length, NULL, &ignored);

	return now && length == text->length && memcmp(now, text + 1, length) == 0;
}

static bool
entry_is_current(const void *bytes, bool nesting, const struct filter_maker *maker)
{
	const struct filter_entry_head *head = bytes;
	size_t cursor = 0;

	if (head->nesting != nesting || memcmp(&head->maker, maker, sizeof(*maker)) != 0)
		return false;
	for (uint32_t i = 0; i < head->texts; i++)
		if (!text_is_current(filter_entry_text(bytes, &cursor)))
			return false;
	return true;
}

/* -1 with err: there is none that could be used; its being old is no more than that. */
static int
entry_open(int cache, const char *file, bool nesting, struct filter_entry_head *head,
    struct error *err)
{
	struct filter_maker maker;
	struct stat st;
	autofd int fd = path_open_beneath(cache, file, O_RDONLY | O_NONBLOCK, err);

	if (fd < 0 || filter_maker_at(PLACE_FILTER, &maker, err) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "look at %s", file);
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || st.st_size > FILTER_ENTRY_MAX)
		return error_set(err, EINVAL, "%s is no compiled filter", file);
	size_t size = (size_t)st.st_size;
	autofree void *bytes = malloc(size + 1);
	if (!bytes || read(fd, bytes, size) != st.st_size)
		return error_set(err, errno, "read %s", file);
	if (filter_entry_check(bytes, size, err) < 0)
		return error_prefix(err, "%s", file);
	if (!entry_is_current(bytes, nesting, &maker))
		return error_set(err, ESTALE, "use %s", file);
	memcpy(head, bytes, sizeof(*head));
	return take_fd(&fd);
}

static int
compile(const char *name, bool nesting, const char *path, struct error *err)
{
	const char *const argv[] = { PLACE_FILTER, nesting ? "yes" : "no", name, path, NULL };
	struct command_result result;

	if (command_run(argv, COMPILE_MS, &result, err) < 0)
		return error_prefix(err, "compile the filter %s", name);
	if (result.code == 0)
		return 0;
	result.complaint[strcspn(result.complaint, "\n")] = '\0';
	/* Of printable bytes, filter/text.c: it quotes the admin's text. */
	return error_set(err, 0, "%s", result.complaint[0] ? result.complaint :
	    "its compiler ended without a word");
}

/* Under a name of its own first: an entry is there as a whole, or not at all. */
static int
entry_make(int cache, const char *name, bool nesting, const char *file, uid_t uid,
    struct error *err)
{
	char own[FILTER_NAME_SIZE + 32], path[PATH_MAX];

	if (text_format(own, sizeof(own), "%s.%u.new", file, (unsigned)uid) < 0 ||
	    text_format(path, sizeof(path), "%s/%s", PLACE_FILTER_CACHE, own) < 0)
		return error_set(err, errno, "name the compiled filter %s", name);
	if (unlinkat(cache, own, 0) < 0 && errno != ENOENT)
		return error_set(err, errno, "remove an old %s", path);
	int rc = compile(name, nesting, path, err);
	if (rc == 0 && renameat(cache, own, cache, file) < 0)
		rc = error_set(err, errno, "rename %s", path);
	if (rc < 0)
		(void)unlinkat(cache, own, 0); /* of a compiler that was killed */
	return rc;
}

static int
cache_open(struct error *err)
{
	autofd int var_lib = path_open_trusted("/var/lib", err);

	if (var_lib < 0)
		return -1;
	autofd int own = path_make_private(var_lib, strrchr(PLACE_LIB, '/') + 1, 0700, err);
	if (own < 0)
		return error_prefix(err, "/var/lib");
	int cache = path_make_private(own, strrchr(PLACE_FILTER_CACHE, '/') + 1, 0700, err);
	return cache < 0 ? error_prefix(err, PLACE_LIB) : cache;
}

int
filter_cache_open(const char *name, bool nesting, uid_t uid, struct filter_entry_head *head,
    struct error *err)
{
	char file[FILTER_NAME_SIZE + 16];
	struct error why = ERROR_INIT;

	if (!filter_name_is_good(name))
		return error_set(err, EINVAL, "\"%s\" is no name of a filter", name);
	autofd int cache = cache_open(err);
	if (cache < 0)
		return -1;
	(void)text_format(file, sizeof(file), "%s%s", name, nesting ? ".nesting" : "");
	int fd = entry_open(cache, file, nesting, head, &why);
	if (fd >= 0)
		return fd;
	if (entry_make(cache, name, nesting, file, uid, err) < 0)
		return -1;
	fd = entry_open(cache, file, nesting, head, err);
	return fd < 0 ? error_prefix(err, "the filter %s, compiled just now", name) : fd;
}
