/*
 * A row of struct top_model -> text in columns.  Pure; ASCII, so that a byte is a cell.
 */
#include "ctl/top_columns.h"

#include "ctl/human.h"
#include "lib/text.h"

#include <stdio.h>
#include <string.h>

#define BAR_LEAST 14
#define BAR_MOST 34

struct amount {
	uint64_t used;
	uint64_t limit; /* of the container's own, or USAGE_UNLIMITED */
	uint64_t whole; /* the machine's */
};

typedef const char *human(uint64_t number, char *buffer, size_t size);

/* rank: the order in which columns are left out, the greatest first. */
static const struct column {
	const char *title;
	unsigned width;   /* the least, of a bar */
	unsigned rank;
	int key;
	bool is_left;
	human *human;     /* of a bar's numbers */
} columns[TOP_COLUMN_COUNT] = {
	[TOP_USER] = { "USER", 10, 0, TOP_BY_USER, true, NULL },
	[TOP_STATE] = { "S", 1, 5, -1, true, NULL },
	[TOP_SESSIONS] = { "SES", 3, 4, TOP_BY_SESSIONS, false, NULL },
	[TOP_MEMORY] = { "MEMORY", BAR_LEAST, 1, TOP_BY_MEMORY, true, human_bytes },
	[TOP_CPU] = { "CPU", BAR_LEAST, 2, TOP_BY_CPU, true, human_cpus },
	[TOP_TASKS] = { "TASKS", BAR_LEAST, 3, TOP_BY_TASKS, true, human_number },
	[TOP_AGE] = { "AGE", 6, 6, TOP_BY_AGE, false, NULL },
	[TOP_READ] = { "READ/s", 6, 7, TOP_BY_IO, false, NULL },
	[TOP_WRITTEN] = { "WRITE/s", 7, 8, TOP_BY_IO, false, NULL },
	[TOP_TIME] = { "TIME", 7, 9, TOP_BY_TIME, false, NULL },
};

/* One letter each, told in the help. */
static const char state_letter[] = {
	[VIEW_ALIVE] = 'A',
	[VIEW_ORPHANED] = 'O',
	[VIEW_DEAD] = 'D',
	[VIEW_NO_RECORD] = 'N',
	[VIEW_BROKEN] = 'B',
};

int
top_column_key(enum top_column column)
{
	return columns[column].key;
}

static unsigned
width_of(unsigned ranks)
{
	unsigned width = 0;

	for (size_t i = 0; i < TOP_COLUMN_COUNT; i++)
		if (columns[i].rank < ranks)
			width += columns[i].width + (width > 0);
	return width;
}

static void
widen_bars(struct top_layout *layout, unsigned spare)
{
	bool grown = true;

	while (spare > 0 && grown) {
		grown = false;
		for (size_t i = 0; i < layout->count && spare > 0; i++) {
			if (!columns[layout->column[i]].human || layout->width[i] >= BAR_MOST)
				continue;
			layout->width[i]++;
			spare--;
			grown = true;
		}
	}
}

void
top_layout(unsigned width, struct top_layout *layout)
{
	unsigned ranks = TOP_COLUMN_COUNT;

	while (ranks > 1 && width_of(ranks) > width)
		ranks--;
	*layout = (struct top_layout) { .count = 0 };
	for (unsigned i = 0; i < TOP_COLUMN_COUNT; i++) {
		if (columns[i].rank >= ranks)
			continue;
		layout->column[layout->count] = i;
		layout->width[layout->count++] = columns[i].width;
	}
	if (width_of(ranks) < width)
		widen_bars(layout, width - width_of(ranks));
}

/* Padded and cut to the column's width; the last byte of what was cut is a '+'. */
static void
fit(struct top_cell *cell, const char *text, unsigned width, bool is_left)
{
	(void)snprintf(cell->text, sizeof(cell->text), "%*.*s", is_left ? -(int)width : (int)width,
	    (int)width, text);
	if (strlen(text) > width && width > 0)
		cell->text[width - 1] = '+';
}

void
top_title(const struct top_layout *layout, size_t index, struct top_cell *cell)
{
	const struct column *column = &columns[layout->column[index]];

	*cell = (struct top_cell) { .is_bar = false };
	fit(cell, column->title, layout->width[index], column->is_left);
}

static struct amount
amount_of(enum top_column column, const struct top_row *row, const struct machine *machine)
{
	if (column == TOP_MEMORY)
		return (struct amount) { row->usage.memory, row->usage.memory_max, machine->memory };
	if (column == TOP_CPU)
		return (struct amount) { row->cpu, row->usage.cpu_max, machine->cpus * UINT64_C(1000) };
	return (struct amount) { row->usage.pids, row->usage.pids_max, machine->pid_max };
}

static unsigned
share(uint64_t used, uint64_t limit)
{
	if (used == USAGE_UNKNOWN || used == 0)
		return 0;
	return used >= limit ? 1000 : (unsigned)((double)used * 1000 / (double)limit);
}

/* Whole per cent: a tenth that flickers is no news. */
static const char *
number_text(const struct column *column, uint64_t number, char *buffer, size_t size)
{
	if (column->human == human_cpus && number < USAGE_UNLIMITED)
		number = (number + 5) / 10 * 10;
	return column->human(number, buffer, size);
}

static void
bar(struct top_cell *cell, const struct column *column, const struct amount *amount, unsigned width)
{
	char used[HUMAN_MAX], limit[HUMAN_MAX], text[2 * HUMAN_MAX + 2], inner[TOP_CELL - 2] = "";
	bool limited = amount->limit < USAGE_UNLIMITED;
	unsigned room = width > 2 ? width - 2 : 0;

	(void)number_text(column, amount->used, used, sizeof(used));
	(void)snprintf(text, sizeof(text), limited ? "%s/%s" : "%s", used,
	    number_text(column, amount->limit, limit, sizeof(limit)));
	cell->is_bar = true;
	cell->per_mille = share(amount->used, limited ? amount->limit : amount->whole);
	/* Something is never nothing. */
	cell->filled = (cell->per_mille * room + 999) / 1000;
	(void)snprintf(inner, sizeof(inner), "%*.*s", (int)room, (int)room, text);
	for (unsigned i = 0; i < cell->filled && inner[i] == ' '; i++)
		inner[i] = '|';
	(void)snprintf(cell->text, sizeof(cell->text), "[%s]", inner);
}

void
top_cell(const struct top_layout *layout, size_t index, const struct top_row *row,
    const struct machine *machine, struct top_cell *cell)
{
	enum top_column which = layout->column[index];
	const struct column *column = &columns[which];
	unsigned width = layout->width[index];
	char text[HUMAN_MAX] = "";

	*cell = (struct top_cell) { .is_bar = false };
	if (column->human) {
		struct amount amount = amount_of(which, row, machine);
		bar(cell, column, &amount, width);
		return;
	}
	switch (which) {
	case TOP_USER: fit(cell, row->user, width, true); return;
	case TOP_STATE: text[0] = state_letter[row->state]; break;
	case TOP_SESSIONS: (void)human_number(row->sessions, text, sizeof(text)); break;
	case TOP_AGE: (void)human_seconds(row->age, text, sizeof(text)); break;
	case TOP_READ: (void)human_bytes(row->io_read, text, sizeof(text)); break;
	case TOP_WRITTEN: (void)human_bytes(row->io_written, text, sizeof(text)); break;
	case TOP_TIME: (void)human_usec(row->usage.cpu_usec, text, sizeof(text)); break;
	case TOP_MEMORY:
	case TOP_CPU:
	case TOP_TASKS:
	case TOP_COLUMN_COUNT: break;
	}
	fit(cell, text, width, column->is_left);
}
