/*
 * The supervisor reads the files itself, which costs no exec, and leaves NSS modules and
 * writing to the helper, which is linked with libsubid and dies with whatever it loaded.
 * Nothing that the helper says is believed unchecked.  As root.
 */
#include "lib/subid.h"

#include "lib/command.h"
#include "lib/id_map.h"
#include "lib/places.h"
#include "lib/subid_file.h"
#include "lib/text.h"

#include <errno.h>
#include <string.h>

/*
 * The supervisor serves nobody meanwhile: the user's other logins queue in its listener.  That
 * happens once in a user's life, or once a container where an NSS module is asked.
 */
#define HELPER_MS 5000
#define HELPER_NONE 2 /* its exit code: it looked, and there is no range */

_Static_assert(SUBID_COUNT == ID_MAP_RANGE, "a range is what a container's map needs");

static void
range_set(struct subid_range *range, const struct subid_span span[SUBID_KINDS])
{
	range->uid = span[SUBID_UIDS].start;
	range->gid = span[SUBID_GIDS].start;
	range->count = span[SUBID_UIDS].count < span[SUBID_GIDS].count ?
	    span[SUBID_UIDS].count : span[SUBID_GIDS].count;
}

static int
find_in_files(const char *user, uid_t uid, struct subid_range *range, struct error *err)
{
	struct subid_span span[SUBID_KINDS];

	if (subid_file_find(SUBID_UIDS, user, uid, &span[SUBID_UIDS], err) < 0 ||
	    subid_file_find(SUBID_GIDS, user, uid, &span[SUBID_GIDS], err) < 0)
		return -1;
	range_set(range, span);
	return 0;
}

static int
run_helper(const char *verb, const char *user, uid_t uid, char answer[512], struct error *err)
{
	struct command_result result;
	char number[16], said[sizeof(result.complaint)];
	const char *const argv[] = { PLACE_SUBID, verb, user, number, NULL };

	if (subid_user_check(user, err) < 0)
		return -1;
	(void)text_format(number, sizeof(number), "%u", (unsigned)uid);
	if (command_run(argv, HELPER_MS, &result, err) < 0)
		return -1;
	if (result.code == 0) {
		memcpy(answer, result.output, sizeof(result.output));
		return 0;
	}
	if (result.complaint[0] == '\0')
		return error_set(err, 0, "%s ended with %d and without a word", argv[0], result.code);
	return error_set(err, result.code == HELPER_NONE ? ENOENT : 0, "%s",
	    text_escape(result.complaint, said, sizeof(said)));
}

static int
ask_module(const char *module, const char *user, uid_t uid, struct subid_range *range,
    struct error *err)
{
	struct subid_span span[SUBID_KINDS];
	char answer[512], what[96];
	uint64_t number[4];

	if (run_helper("find", user, uid, answer, err) < 0 ||
	    subid_text_answer(answer, number, err) < 0)
		return -1;
	(void)text_format(what, sizeof(what), "the subid source %s", module);
	if (subid_span_check(&span[SUBID_UIDS], number[0], number[1], uid, what, err) < 0 ||
	    subid_span_check(&span[SUBID_GIDS], number[2], number[3], UINT32_MAX, what, err) < 0)
		return -1;
	range_set(range, span);
	return 0;
}

int
subid_find(const char *user, uid_t uid, struct subid_range *range, struct error *err)
{
	char source[SUBID_SOURCE_MAX];

	if (subid_file_source(source, err) < 0)
		return -1;
	return strcmp(source, "files") == 0 ? find_in_files(user, uid, range, err) :
	    ask_module(source, user, uid, range, err);
}

int
subid_allot(const char *user, uid_t uid, struct subid_range *range, struct error *err)
{
	char source[SUBID_SOURCE_MAX], answer[512];
	struct error none = ERROR_INIT;

	if (subid_file_source(source, err) < 0)
		return -1;
	/* Nothing is allotted by us where somebody else's database is the source. */
	if (strcmp(source, "files") != 0)
		return ask_module(source, user, uid, range, err);
	if (find_in_files(user, uid, range, &none) == 0)
		return 0;
	if (none.errnum != ENOENT)
		return error_set(err, none.errnum, "%s", none.text);
	if (run_helper("allot", user, uid, answer, err) < 0)
		return error_prefix(err, "allot subordinate ids to %s", user);
	return find_in_files(user, uid, range, err);
}
