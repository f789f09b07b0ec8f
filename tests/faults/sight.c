/*
 * The kernel's limits are read by the session's cgroups (state.c), and what an administrator sees
 * of them by ctrctl: where one is new and the other old, no sight is like it.
 */
#include "tests/faults/sight.h"

#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"
#include "tests/faults/ctrctl.h"
#include "tests/faults/state.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DROP_INS PLACE_POLICY ".d"
/* Of an object in the list of sessions. */
#define SESSION_ALIVE "      \"alive\": true"

/* Members of "show --json" that tell what may be changed; the others are use, times and numbers. */
static bool
is_shown(const char *line)
{
	static const char *const members[] = { "state", "frozen", "problem", "logout", "grace", "set", "memory_max", "memory_high", "swap_max", "cpu_weight", "pids_max", "cpu_max_permille", "cpuset" };
	char name[64];

	line += strspn(line, " ");
	if (!strchr(line, '"'))
		return false;
	/* A cgroup more does no harm where it has no limit; where it has one, the session's state tells. */
	if (line[0] == '"' && line[1] == '/')
		return false;
	if (sscanf(line, "\"%63[^\"]\":", name) != 1 || !strstr(line, "\": "))
		return true;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (!strcmp(name, members[i]))
			return true;
	return false;
}

static void
print_show(FILE *out, const struct worker *worker)
{
	static const char *const show[] = { "show", "@", "--json", NULL };
	char words[CTRCTL_WORDS], *cursor = words, *line;
	int code = ctrctl_call(worker, show, words);

	(void)fprintf(out, "show: exit %d\n", code);
	while ((line = text_next_line(&cursor)))
		/* One that is over may be in the record for a while longer. */
		if (!strcmp(line, SESSION_ALIVE))
			(void)fputs("a session\n", out);
		else if (is_shown(line))
			(void)fprintf(out, "show %s\n", line);
}

/* Each of the user's, and what is in it. */
static void
each_policy(const struct worker *worker, void (*each)(const char *path, void *context), void *context)
{
	char path[512], name[32];
	DIR *all = opendir(DROP_INS);

	(void)text_format(name, sizeof(name), "%s.conf", worker->ident);
	for (struct dirent *entry; all && (entry = readdir(all));)
		if (strstr(entry->d_name, name) && text_format(path, sizeof(path), DROP_INS "/%s", entry->d_name) == 0)
			each(path, context);
	if (all)
		(void)closedir(all);
}

static void
print_policy(const char *path, void *context)
{
	char line[512];
	FILE *in = fopen(path, "re");

	while (in && fgets(line, sizeof(line), in))
		(void)fprintf(context, "%s: %s", path, line);
	if (in)
		(void)fclose(in);
}

char *
sight_of(const struct worker *worker)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	pid_t init = state_recorded(worker->uid, "init");
	autofree char *member = init == 0 || worker->holder.caller == 0 ? NULL :
	    state_of_member(worker->holder.caller, init);

	if (!out)
		return NULL;
	(void)fputs(member ? member : "no session\n", out);
	print_show(out, worker);
	each_policy(worker, print_policy, out);
	(void)fclose(out);
	return text;
}

int
sight_write_policy(const struct worker *worker)
{
	char path[128];

	(void)text_format(path, sizeof(path), DROP_INS "/%s.conf", worker->ident);
	FILE *out = fopen(path, "we");
	if (!out)
		return -1;
	(void)fprintf(out, "[user %s]\nmemory.max = 96M\npids.max = 50\ncpu.max = 120%%\n", worker->ident);
	return fclose(out);
}

static void
remove_policy(const char *path, void *context)
{
	(void)context;
	(void)unlink(path);
}

void
sight_remove_policy(const struct worker *worker)
{
	each_policy(worker, remove_policy, NULL);
}
