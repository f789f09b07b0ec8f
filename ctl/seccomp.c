/*
 * ctrctl seccomp: filters as they are, before they are anybody's.  Of a file of one's own by
 * its path ("./mine"), too; no right is needed but to read the text.
 */
#include "ctl/command.h"
#include "ctl/json.h"
#include "ctl/seccomp_test.h"
#include "ctl/table.h"
#include "filter/build.h"
#include "filter/group.h"
#include "filter/verdict.h"
#include "lib/filter_source.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct filter *
seccomp_build(const char *name, bool nesting)
{
	autofree char *faults = NULL;
	size_t size;
	FILE *to = open_memstream(&faults, &size);

	if (!to) {
		(void)complain(CTL_FAILED, "seccomp: no memory");
		return NULL;
	}
	struct filter *filter = filter_build(name, nesting, to);
	(void)fclose(to);
	/* A line each; what they quote may be anybody's. */
	for (char *line = faults; !filter && *line;) {
		char *end = strchrnul(line, '\n');
		bool last = *end == '\0';

		*end = '\0';
		complain_line(line);
		line = last ? end : end + 1;
	}
	return filter;
}

static void
row_fill(struct table_row *row, const struct filter *filter, const char *call, const char *group)
{
	char buffer[VERDICT_NAME_MAX];
	size_t column = 0;

	table_set(row, column++, call);
	for (size_t i = 0; i < filter->architectures.count; i++)
		table_set(row, column++, call_verdict(filter, call, filter->architectures.token[i], buffer));
	table_set(row, column, group);
}

static bool
is_here(const struct filter *filter, const char *call)
{
	char buffer[VERDICT_NAME_MAX];

	for (size_t i = 0; i < filter->architectures.count; i++)
		if (strcmp(call_verdict(filter, call, filter->architectures.token[i], buffer), "-") != 0)
			return true;
	return false;
}

/* Calls each for the calls of the groups that this machine has; stops where that is not 0. */
static int
each_call(const struct filter *filter, int (*each)(const struct filter *filter, const char *call,
    const char *group, void *context), void *context)
{
	char name[FILTER_NAME_MAX];
	int rc = 0;

	for (size_t i = 0; i < filter_groups_count; i++) {
		for (const char *call = filter_groups[i].calls; *call && rc == 0;) {
			size_t length = strcspn(call, " ");

			(void)text_format(name, sizeof(name), "%.*s", (int)length, call);
			call += length + (call[length] == ' ');
			if (is_here(filter, name))
				rc = each(filter, name, filter_groups[i].name, context);
		}
	}
	return rc;
}

static int
add_call(const struct filter *filter, const char *call, const char *group, void *context)
{
	struct table_row *row = table_add(context);
	char label[FILTER_NAME_MAX];

	(void)text_format(label, sizeof(label), "@%s", group);
	if (row)
		row_fill(row, filter, call, label);
	return row ? 0 : -1;
}

static int
put_call(const struct filter *filter, const char *call, const char *group, void *context)
{
	struct json *json = context;
	char buffer[VERDICT_NAME_MAX];

	json_object(json, NULL);
	json_text(json, "call", call);
	json_text(json, "group", group);
	json_object(json, "answers");
	for (size_t i = 0; i < filter->architectures.count; i++)
		json_text(json, architecture_name(filter->architectures.token[i]),
		    call_verdict(filter, call, filter->architectures.token[i], buffer));
	json_object_end(json);
	json_object_end(json);
	return 0;
}

static int
show_json(struct filter *filter)
{
	struct json json = { .out = stdout };

	json_list(&json, NULL);
	(void)each_call(filter, put_call, &json);
	json_list_end(&json);
	filter_free(filter);
	return output_end(CTL_OK);
}

static void
print_tests(const struct filter *filter)
{
	char text[320], name[VERDICT_NAME_MAX];

	for (size_t i = 0; i < filter->ruleset.count; i++) {
		const struct call *call = &filter->ruleset.call[i];

		for (size_t j = 0; j < call->conditions; j++) {
			condition_format(&call->condition[j], text, sizeof(text));
			(void)printf("%s: %s\n", call->name, text);
		}
		if (call->conditions > 0)
			(void)printf("%s: else %s\n", call->name, verdict_name(call->whole.kind == VERDICT_NONE ?
			    filter->ruleset.fallback : call->whole, name));
	}
}

static int
seccomp_show(const struct options *options)
{
	struct filter *filter = seccomp_build(options->operand[1], options->nesting);
	struct table table = TABLE_INIT;
	size_t instructions = 0;

	if (!filter)
		return CTL_NO;
	if (options->json)
		return show_json(filter);
	struct table_row *head = table_add(&table);
	int rc = head ? 0 : -1;
	for (size_t i = 0; rc == 0 && i < filter->architectures.count; i++)
		table_set(head, i + 1, architecture_name(filter->architectures.token[i]));
	if (rc == 0) {
		table_set(head, 0, "CALL");
		table_set(head, filter->architectures.count + 1, "GROUP");
	}
	if (rc == 0)
		rc = each_call(filter, add_call, &table);
	if (rc == 0) {
		table_print(&table, 0, 0, stdout);
		(void)printf("\nWhere arguments decide (a line that refuses wins over one that allows):\n");
		print_tests(filter);
		for (size_t i = 0; i < filter->compiled.count; i++)
			instructions += filter->compiled.program[i].count;
		(void)printf("\n%zu programs, %zu instructions; refusals are %slogged\n",
		    filter->compiled.count, instructions, filter->ruleset.logs ? "" : "not ");
	}
	table_free(&table);
	filter_free(filter);
	return rc < 0 ? complain(CTL_FAILED, "seccomp show: no memory") : output_end(CTL_OK);
}

static int
seccomp_groups(const struct options *options)
{
	struct json json = { .out = stdout };

	if (options->json)
		json_list(&json, NULL);
	for (size_t i = 0; i < filter_groups_count; i++) {
		const struct group *group = &filter_groups[i];
		if (!options->json) {
			(void)printf("@%s: %s\n    %s\n", group->name, group->purpose, group->calls);
			continue;
		}
		json_object(&json, NULL);
		json_text(&json, "group", group->name);
		json_text(&json, "purpose", group->purpose);
		json_text(&json, "calls", group->calls);
		json_object_end(&json);
	}
	if (options->json)
		json_list_end(&json);
	return output_end(CTL_OK);
}

static void
print_filter(const char *name, const char *directory, bool is_hidden, struct json *json)
{
	char path[PATH_MAX] = "";

	(void)text_format(path, sizeof(path), "%s/%s", directory, name);
	if (!json) {
		(void)printf("%s\t%s%s\n", name, path, is_hidden ? "\t(the administrator's counts)" : "");
		return;
	}
	json_object(json, NULL);
	json_text(json, "filter", name);
	json_text(json, "path", path);
	json_yes_no(json, "counts", !is_hidden);
	json_object_end(json);
}

/* Sorted, and each name once: of two of a name the admin's is the one that counts. */
static int
list_directory(const char *directory, const char *hidden_by, struct json *json)
{
	struct dirent **names;
	int count = scandir(directory, &names, NULL, alphasort);

	if (count < 0 && errno != ENOENT)
		return complain(CTL_FAILED, "seccomp list: %s: %s", directory, strerror(errno));
	for (int i = 0; i < count; i++) {
		const char *name = names[i]->d_name;
		char other[PATH_MAX] = "";

		if (hidden_by)
			(void)text_format(other, sizeof(other), "%s/%s", hidden_by, name);
		if (filter_name_is_good(name))
			print_filter(name, directory, hidden_by && access(other, F_OK) == 0, json);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return CTL_OK;
}

static int
seccomp_list(const struct options *options)
{
	struct json json = { .out = stdout };
	struct json *to = options->json ? &json : NULL;

	if (to)
		json_list(to, NULL);
	int code = list_directory(PLACE_OWN_FILTERS, NULL, to);
	if (code == CTL_OK)
		code = list_directory(PLACE_FILTERS, PLACE_OWN_FILTERS, to);
	if (to)
		json_list_end(to);
	return output_end(code);
}

static int
seccomp_try(const struct options *options)
{
	struct filter *filter = seccomp_build(options->operand[1], options->nesting);

	if (!filter)
		return CTL_NO;
	int code = seccomp_test(filter, options->command);
	filter_free(filter);
	return code;
}

int
command_seccomp(const struct options *options)
{
	static const struct {
		const char *name;
		bool has_filter, has_command;
		int (*run)(const struct options *options);
	} verbs[] = {
		{ "show", true, false, seccomp_show },
		{ "test", true, true, seccomp_try },
		{ "groups", false, false, seccomp_groups },
		{ "list", false, false, seccomp_list },
	};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, options->operand[0]) != 0)
			continue;
		if (verbs[i].has_filter != (options->operand[1] != NULL))
			return complain(CTL_USAGE, "seccomp %s: %s", verbs[i].name, verbs[i].has_filter ?
			    "which filter?" : "takes no filter");
		if (verbs[i].has_command != (options->command != NULL))
			return complain(CTL_USAGE, "seccomp %s: %s", verbs[i].name, verbs[i].has_command ?
			    "a command is missing after --" : "takes no command");
		return verbs[i].run(options);
	}
	return complain(CTL_USAGE, "seccomp: show, test, groups or list?");
}
