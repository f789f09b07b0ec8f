/*
 * ctrctl list: all containers, one line each.
 */
#include "ctl/command.h"
#include "ctl/human.h"
#include "ctl/table.h"
#include "ctl/view.h"
#include "lib/own.h"
#include "lib/text.h"

#include <string.h>
#include <time.h>

/* UID, SESSIONS, TASKS, MEMORY, CPU-TIME, CPU-MAX, AGE, HOME */
#define FLUSH_RIGHT (1U << 1 | 1U << 3 | 1U << 4 | 1U << 5 | 1U << 6 | 1U << 7 | 1U << 8 | 1U << 9)

static const char *const titles[TABLE_COLUMNS] = {
	"USER", "UID", "STATE", "SESSIONS", "TASKS", "MEMORY", "CPU-TIME", "CPU-MAX", "AGE", "HOME",
};

static void
set_share(struct table_row *row, size_t column, uint64_t used, uint64_t limit,
    const char *(*human)(uint64_t number, char *buffer, size_t size))
{
	char left[HUMAN_MAX], right[HUMAN_MAX], text[2 * HUMAN_MAX + 1];

	(void)text_format(text, sizeof(text), "%s/%s", human(used, left, sizeof(left)),
	    human(limit, right, sizeof(right)));
	table_set(row, column, text);
}

static uint64_t
age_of(const struct view *view)
{
	int64_t now = (int64_t)time(NULL);

	if (view->record.since <= 0)
		return USAGE_UNKNOWN;
	return now > view->record.since ? (uint64_t)(now - view->record.since) : 0;
}

static void
fill_row(const struct view *view, struct table_row *row)
{
	const struct usage *usage = &view->usage;
	char text[HUMAN_MAX];

	row->attention = view_attention(view);
	table_set(row, 0, view->record.user);
	table_set(row, 1, human_number(view->record.uid, text, sizeof(text)));
	table_set(row, 2, view->frozen ? "frozen" : view_state_name(view->state));
	table_set(row, 3, human_number(view->record.sessions, text, sizeof(text)));
	set_share(row, 4, usage->pids, usage->pids_max, human_number);
	set_share(row, 5, usage->memory, usage->memory_max, human_bytes);
	table_set(row, 6, human_usec(usage->cpu_usec, text, sizeof(text)));
	table_set(row, 7, human_cpus(usage->cpu_max, text, sizeof(text)));
	table_set(row, 8, human_seconds(age_of(view), text, sizeof(text)));
	set_share(row, 9, usage->home, usage->home_max, human_bytes);
}

/* One that ends while we look is no fault. */
static int
each_view(const uid_t *uids, size_t count, int (*each)(const struct view *view, void *context),
    void *context, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc >= 0; i++) {
		struct view view = VIEW_INIT;
		rc = view_read(uids[i], &view, err);
		if (rc == 0)
			rc = each(&view, context);
		view_free(&view);
	}
	return rc < 0 ? -1 : 0;
}

static int
add_row(const struct view *view, void *context)
{
	struct table_row *row = table_add(context);

	if (row)
		fill_row(view, row);
	return row ? 0 : -1;
}

static int
print_table(const uid_t *uids, size_t count, struct error *err)
{
	struct table table = TABLE_INIT;
	struct table_row *head = table_add(&table);
	int rc = -1;

	for (size_t i = 0; head && i < TABLE_COLUMNS; i++)
		table_set(head, i, titles[i]);
	if (head)
		rc = each_view(uids, count, add_row, &table, err);
	if (rc == 0)
		table_print(&table, FLUSH_RIGHT, table_terminal_width(stdout), stdout);
	else if (!err->text[0])
		(void)error_set(err, errno, "make the table");
	table_free(&table);
	return rc;
}

static int
add_json(const struct view *view, void *context)
{
	view_json(view, context);
	return 0;
}

static int
print_json(const uid_t *uids, size_t count, struct error *err)
{
	struct json json = { .out = stdout };

	json_list(&json, NULL);
	int rc = each_view(uids, count, add_json, &json, err);
	json_list_end(&json);
	return rc;
}

int
command_list(const struct options *options)
{
	struct error err = ERROR_INIT;
	autofree uid_t *uids = NULL;
	size_t count;
	int code = caller_check("list");

	if (code != CTL_OK)
		return code;
	if (view_uids(&uids, &count, &err) < 0 ||
	    (options->json ? print_json : print_table)(uids, count, &err) < 0)
		return complain_error("list", &err);
	return output_end(CTL_OK);
}
