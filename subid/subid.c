/*
 * subid find|allot USER UID: prints "UIDSTART UIDCOUNT GIDSTART GIDCOUNT", the user's subordinate
 * ranges.  Run by the supervisor, as root, with a clean environment; a program of its own since
 * libsubid is dynamic, loads NSS modules, and writes to stdout and stderr as it likes.
 * Exit: 0; 1 a sentence on stderr says why not; 2 nothing is wrong, but there is no range.
 *
 * What libsubid of shadow 4.13 does, which is why this is more than a call of it:
 *  - Grants read no login.defs: the minimum is what the caller put into the range, there is no
 *    maximum, and no gap is ever filled (its search takes ULONG_MAX + 1 for an end).
 *  - A grant with "reuse" that finds a range returns with the file locked and open.
 *  - A grant that could not be written (disk full) is a success all the same.
 *  - A grant sorts the file and puts comments at its end.  A missing file it makes
 *    root:shadow 0644.  The user need not be in /etc/passwd.
 *  - Looking up a numeric owner in subgid takes it for the gid of the group of the user's name,
 *    though subgid(5) says uid: another user's range.  The files are therefore read by us.
 *  - Errors go to stdout, reasons to a stream of the caller's (subid_init).
 */
#include "subid/login_defs.h"

#include "lib/own.h"
#include "lib/sys.h"
#include "lib/text.h"
#include "subid/grant.h"
#include "subid/module.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { EXIT_FOUND = 0, EXIT_ERROR = 1, EXIT_NONE = 2 };

static int
find_in_files(const struct grant_user *user, struct subid_span span[SUBID_KINDS],
    struct error *err)
{
	for (int kind = 0; kind < SUBID_KINDS; kind++)
		if (subid_file_find((enum subid_kind)kind, user->name, user->uid, &span[kind], err) < 0)
			return -1;
	return 0;
}

static int
allot_in_files(const struct grant_user *user, struct subid_span span[SUBID_KINDS],
    struct error *err)
{
	autofd int lock = grant_lock(err);

	if (lock < 0)
		return -1;
	if (find_in_files(user, span, err) == 0)
		return 0;
	if (err->errnum != ENOENT)
		return -1;
	if (grant_missing(user, err) < 0)
		return -1;
	if (find_in_files(user, span, err) < 0)
		return error_set(err, 0, "the range was not written (is the disk full?): %s", err->text);
	return 0;
}

static int
look(const char *verb, const struct grant_user *user, struct subid_span span[SUBID_KINDS],
    struct error *err)
{
	char source[SUBID_SOURCE_MAX];

	if (subid_file_source(source, err) < 0)
		return -1;
	/* Where a module is the source, its database's admin allots. */
	if (strcmp(source, "files") != 0)
		return module_find(source, user, span, err);
	return strcmp(verb, "allot") == 0 ? allot_in_files(user, span, err) :
	    find_in_files(user, span, err);
}

/* The answer's descriptor; descriptor 1 is left to libsubid's printf, and leads nowhere. */
static int
keep_output(struct error *err)
{
	autofd int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	autofd int output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	if (null < 0 || output < 0 || dup2(null, STDOUT_FILENO) < 0)
		return error_set(err, errno, "set up the standard output");
	return take_fd(&output);
}

static int
answer(int output, const struct subid_span span[SUBID_KINDS], struct error *err)
{
	if (dprintf(output, "%u %u %u %u\n", (unsigned)span[SUBID_UIDS].start,
	    (unsigned)span[SUBID_UIDS].count, (unsigned)span[SUBID_GIDS].start,
	    (unsigned)span[SUBID_GIDS].count) < 0)
		return error_set(err, errno, "write the answer");
	return 0;
}

static int
run(const char *verb, const struct grant_user *user, struct error *err)
{
	struct subid_span span[SUBID_KINDS];
	autofd int output = keep_output(err);

	(void)umask(022);
	if (output < 0 || grant_limit_time(err) < 0 || look(verb, user, span, err) < 0)
		return -1;
	return answer(output, span, err);
}

int
main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	char line[640];
	uint64_t uid;

	if (argc != 4 || (strcmp(argv[1], "find") != 0 && strcmp(argv[1], "allot") != 0) ||
	    !text_to_number(argv[3], UINT32_MAX - 1, &uid)) {
		(void)fprintf(stderr, "usage: subid find|allot USER UID\n");
		return EXIT_ERROR;
	}
	struct grant_user user = { .name = argv[2], .uid = (uid_t)uid };
	if (run(argv[1], &user, &err) == 0)
		return EXIT_FOUND;
	bool none = err.errnum == ENOENT;
	/* "No such file" would say less than the sentence does. */
	err.errnum = none ? 0 : err.errnum;
	(void)fprintf(stderr, "%s\n", error_render(&err, line, sizeof(line)));
	return none ? EXIT_NONE : EXIT_ERROR;
}
