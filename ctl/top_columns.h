/*
 * The columns of ctrctl top: which of them fit into a width, and each row's cells in them.
 * Pure.
 */
#ifndef CTL_TOP_COLUMNS_H
#define CTL_TOP_COLUMNS_H

#include "ctl/top_model.h"
#include "lib/machine.h"

#define TOP_COLUMNS_MAX 12
#define TOP_CELL 80

enum top_column {
	TOP_USER,
	TOP_STATE,
	TOP_SESSIONS,
	TOP_MEMORY,
	TOP_CPU,
	TOP_TASKS,
	TOP_AGE,
	TOP_READ,
	TOP_WRITTEN,
	TOP_TIME,
	TOP_COLUMN_COUNT
};

/* Which columns are shown, from left to right, and how wide; one blank between two. */
struct top_layout {
	enum top_column column[TOP_COLUMNS_MAX];
	unsigned width[TOP_COLUMNS_MAX];
	size_t count;
};

struct top_cell {
	char text[TOP_CELL];  /* exactly as wide as its column */
	bool is_bar;          /* "[|||   1.5G/2G]" */
	unsigned filled;      /* of the bytes between the brackets: the bar's length */
	unsigned per_mille;   /* of the limit, 1000 at the most */
};

/* The most important columns that fit; what is left over makes the bars longer. */
void top_layout(unsigned width, struct top_layout *layout);

/* The column's title, padded to its width as its cells are. */
void top_title(const struct top_layout *layout, size_t index, struct top_cell *cell);

/* machine: what a container without a limit of its own is measured against. */
void top_cell(const struct top_layout *layout, size_t index, const struct top_row *row,
    const struct machine *machine, struct top_cell *cell);

/* The key that a column is sorted by, or -1. */
int top_column_key(enum top_column column);

#endif
