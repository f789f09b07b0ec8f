/*
 * ctrctl home diff: a line, or an object, for each name that a user changed.
 */
#include "ctl/home.h"

#include "ctl/json.h"
#include "ctl/kept.h"
#include "lib/own.h"

#include <stdio.h>
#include <sys/stat.h>

struct listing {
	const struct home *home;
	struct json *json; /* NULL: lines */
};

static const struct {
	enum upper_differs bit;
	char letter;
	const char *word;
} differs[] = {
	{ UPPER_DIFFERS_TYPE, 'y', "type" },
	{ UPPER_DIFFERS_CONTENT, 'c', "content" },
	{ UPPER_DIFFERS_MODE, 'm', "mode" },
	{ UPPER_DIFFERS_OWNER, 'o', "owner" },
	{ UPPER_DIFFERS_ACL, 'a', "acl" },
	{ UPPER_DIFFERS_XATTR, 'x', "xattr" },
	{ UPPER_DIFFERS_TIME, 't', "time" },
};

#define DIFFERS (sizeof(differs) / sizeof(differs[0]))

static const char *
type_word(mode_t type)
{
	static const struct {
		mode_t type;
		const char *word;
	} words[] = {
		{ S_IFREG, "file" }, { S_IFDIR, "directory" }, { S_IFLNK, "symlink" }, { S_IFIFO, "fifo" },
		{ S_IFSOCK, "socket" }, { S_IFCHR, "character device" }, { S_IFBLK, "block device" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].type == type)
			return words[i].word;
	return "unknown";
}

/* Relative to the home, as commit and reset take it; the home itself is ".". */
static const char *
relative(const char *path)
{
	return path[1] ? path + 1 : ".";
}

static void
print_line(const struct upper_difference *difference)
{
	char flags[DIFFERS + 1];

	for (size_t i = 0; i < DIFFERS; i++)
		flags[i] = difference->change != UPPER_CHANGED ? ' ' :
		    difference->differs & (unsigned)differs[i].bit ? differs[i].letter : '.';
	flags[DIFFERS] = '\0';
	(void)printf("%c %s ", kept_letter(difference->change), flags);
	kept_print_path(relative(difference->path));
	if (difference->type == S_IFDIR)
		(void)putchar('/');
	if (difference->from) {
		(void)fputs("  <-  ", stdout);
		kept_print_path(relative(difference->from));
	}
	(void)putchar('\n');
}

static void
put_object(const struct upper_difference *difference, struct json *json)
{
	json_object(json, NULL);
	json_text(json, "change", kept_word(difference->change));
	json_text(json, "path", relative(difference->path));
	json_text(json, "type", type_word(difference->type));
	json_list(json, "differs");
	for (size_t i = 0; i < DIFFERS; i++)
		if (difference->differs & (unsigned)differs[i].bit)
			json_text(json, NULL, differs[i].word);
	json_list_end(json);
	if (difference->from)
		json_text(json, "from", relative(difference->from));
	json_object_end(json);
}

static int
print_difference(const struct upper_difference *difference, void *context)
{
	const struct listing *listing = context;

	if (home_is_own_doing(listing->home, difference))
		return 0;
	if (listing->json)
		put_object(difference, listing->json);
	else
		print_line(difference);
	return ferror(stdout); /* nobody reads it any more */
}

int
home_diff(struct home *home, struct json *json)
{
	struct error err = ERROR_INIT;
	struct listing listing = { .home = home, .json = home->options->json ? json : NULL };
	struct upper upper = { .directory = home->upper, .below = home->lower, .point = "/", .compares = true };
	int rc = 0;

	/* A template's files are root's, and shown as the user's. */
	if (home->login->policy.home == HOME_TEMPLATE) {
		upper.root_uid = home->user.uid;
		upper.root_gid = home->user.gid;
	}
	if (listing.json) {
		json_object(json, NULL);
		json_text(json, "user", home->login->subject.user);
		json_list(json, "changes");
	} else if (home->options->operand[1][0] == '@')
		home_say(home, home->upper < 0 ? "nothing is kept" : "changes:");
	if (home->upper >= 0)
		rc = upper_diff(&upper, print_difference, &listing, &err);
	if (listing.json) {
		json_list_end(json);
		json_object_end(json);
	}
	if (rc < 0 && !ferror(stdout))
		return home_complain(home, &err);
	if (upper.too_deep > 0)
		(void)complain(CTL_OK, "%s: %s: %zu directories lie too deep for a path, and are not shown",
		    home->verb, home->name, upper.too_deep);
	return CTL_OK;
}
