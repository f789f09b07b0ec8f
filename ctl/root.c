/*
 * ctrctl root: what a user changed of the root file system, and the way back.  As root, on
 * the host; what the user made is looked at by lib/upper.c and removed by lib/path.c.
 */
#include "ctl/account.h"
#include "ctl/command.h"
#include "ctl/json.h"
#include "ctl/kept.h"
#include "ctl/lock.h"
#include "ctl/login.h"
#include "lib/client.h"
#include "lib/names.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/subid.h"
#include "lib/upper.h"
#include "lib/upper_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const stores[] = { UPPER_STORE_ROOT, UPPER_STORE_BASE };

#define STORES (sizeof(stores) / sizeof(stores[0]))

struct diff {
	const char *base; /* NULL: the host's tree */
	struct subid_range ids;
	struct json json;
	bool as_json;
	size_t too_deep;
};

static int
print_difference(const struct upper_difference *difference, void *context)
{
	struct diff *diff = context;

	if (!diff->as_json) {
		(void)printf("%c ", kept_letter(difference->change));
		kept_print_path(difference->path);
		(void)putchar('\n');
	} else {
		json_object(&diff->json, NULL);
		json_text(&diff->json, "change", kept_word(difference->change));
		json_text(&diff->json, "path", difference->path);
		if (difference->from)
			json_text(&diff->json, "from", difference->from);
		json_object_end(&diff->json);
	}
	return ferror(stdout); /* nobody reads it any more */
}

/* Where the mount's own files are on the host; -1: nowhere any more. */
static int
open_below(const struct diff *diff, const char *point)
{
	struct error missing = ERROR_INIT;
	autofd int top = path_open_trusted(diff->base ? diff->base : "/", &missing);

	return top < 0 ? -1 : path_open_beneath(top, point[1] ? point + 1 : ".",
	    O_RDONLY | O_DIRECTORY, &missing);
}

static int
diff_mount(struct diff *diff, int store, const char *name, struct error *err)
{
	char point[PATH_MAX];
	struct upper upper = { .point = point, .root_uid = diff->ids.uid, .root_gid = diff->ids.gid };

	if (upper_store_point(name, point, sizeof(point), err) < 0)
		return -1;
	autofd int mount = path_open_beneath(store, name, O_RDONLY | O_DIRECTORY, err);
	if (mount < 0)
		return -1;
	autofd int directory = path_open_beneath(mount, UPPER_NAME, O_RDONLY | O_DIRECTORY, err);
	if (directory < 0)
		return err->errnum == ENOENT ? 0 : -1; /* not yet used */
	autofd int below = open_below(diff, point);
	upper.directory = directory;
	upper.below = below;
	int rc = upper_diff(&upper, print_difference, diff, err);
	diff->too_deep += upper.too_deep;
	return rc;
}

static int
diff_store(struct diff *diff, int store, struct error *err)
{
	struct names names = NAMES_INIT;
	int rc = 0;

	if (names_read(store, &names, err) < 0)
		return error_prefix(err, "what is kept");
	for (size_t i = 0; i < names.count && rc == 0; i++)
		if (names.item[i]->d_name[0] != '.')
			rc = diff_mount(diff, store, names.item[i]->d_name, err);
	names_free(&names);
	return rc;
}

/* Of the two stores the one that the policy uses; 1: there is none. */
static int
open_store(const struct login *login, struct error *err)
{
	autofd int directory = upper_store_open(login->subject.uid, err);

	if (directory < 0)
		return -1;
	return path_open_beneath(directory, login->policy.root_base ? UPPER_STORE_BASE
	    : UPPER_STORE_ROOT, O_RDONLY | O_DIRECTORY, err);
}

static int
print_diff(struct diff *diff, int store)
{
	struct error err = ERROR_INIT;

	if (diff->as_json)
		json_list(&diff->json, NULL);
	int rc = store < 0 ? 0 : diff_store(diff, store, &err);
	if (rc == 0 && diff->as_json)
		json_list_end(&diff->json);
	if (rc < 0 && !ferror(stdout))
		return complain_error("root diff", &err);
	if (diff->too_deep > 0)
		(void)complain(CTL_OK, "root diff: %zu directories lie too deep for a path, and are not "
		    "shown", diff->too_deep);
	return CTL_OK;
}

static int
root_diff(const struct options *options)
{
	struct error err = ERROR_INIT, none = ERROR_INIT;
	int code;
	struct login *login = login_resolve("root diff", options->operand[1], NULL, options->config,
	    &code);

	if (!login)
		return code;
	struct diff diff = { .base = login->policy.root_base, .json = { .out = stdout },
		.as_json = options->json };
	/* Without a range there has been no container, and owners are told as they are. */
	(void)subid_find(login->subject.user, login->subject.uid, &diff.ids, &none);
	autofd int store = open_store(login, &err);
	code = store < 0 && err.errnum != ENOENT ? complain_error("root diff", &err)
	                                         : print_diff(&diff, store);
	login_free(login);
	return output_end(code);
}

static int
set_aside(int directory, const char *user, uid_t uid, int *count)
{
	struct error err = ERROR_INIT;
	int lock, code = kept_lock("root reset", user, uid, &lock);

	if (code != CTL_OK)
		return code;
	for (size_t i = 0; i < STORES && code == CTL_OK; i++) {
		int moved = upper_store_set_aside(directory, stores[i], &err);
		if (moved < 0)
			code = complain_error("root reset", &err);
		else
			*count += moved;
	}
	client_unlock(uid, &lock);
	return code;
}

/* What an interrupted reset left goes first: its name must be free. */
static int
reset(int directory, const char *user, uid_t uid)
{
	struct error err = ERROR_INIT;
	int count = 0, code;

	if (lock_in_time(directory, "what is kept", &err) < 0 || upper_store_remove(directory, &err) < 0)
		return complain_error("root reset", &err);
	code = set_aside(directory, user, uid, &count);
	if (code == CTL_OK && upper_store_remove(directory, &err) < 0)
		return complain_error("root reset", &err);
	if (code == CTL_OK)
		(void)printf(count > 0 ? "%s: reset\n" : "%s: nothing was kept\n", user);
	return code;
}

static int
root_reset(const struct options *options)
{
	const char *user = options->operand[1];
	struct error err = ERROR_INIT;
	uid_t uid;

	if (account_uid(user, &uid, &err) < 0)
		return complain(CTL_NO, "root reset: %s", err.text);
	autofd int directory = upper_store_open(uid, &err);
	if (directory < 0 && err.errnum != ENOENT)
		return complain_error("root reset", &err);
	if (directory >= 0)
		return output_end(reset(directory, user, uid));
	(void)printf("%s: nothing was kept\n", user);
	return output_end(CTL_OK);
}

int
command_root(const struct options *options)
{
	static const struct {
		const char *name;
		int (*run)(const struct options *options);
	} verbs[] = {
		{ "diff", root_diff },
		{ "reset", root_reset },
	};
	int code = caller_check("root");

	if (code != CTL_OK)
		return code;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(options->operand[0], verbs[i].name))
			return verbs[i].run(options);
	return complain(CTL_USAGE, "root: %s: it is either diff or reset", options->operand[0]);
}
