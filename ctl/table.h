/*
 * Rows of cells, as wide as the widest of each column, cut at the terminal's edge.
 */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include "ctl/attention.h"

#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS 10
#define TABLE_CELL 64

struct table_row {
	enum attention attention; /* of the line, where there are colours */
	char cell[TABLE_COLUMNS][TABLE_CELL];
};

struct table {
	struct table_row *row; /* owned */
	size_t count;
};

#define TABLE_INIT { .row = NULL, .count = 0 }

/* Appends an empty row, valid until the next is appended; NULL: no memory. */
struct table_row *table_add(struct table *table);

/* Puts text in a cell: control bytes escaped, cut where it is too long. */
void table_set(struct table_row *row, size_t column, const char *text);

/* right: a bit a column that is flush right.  width: longest line, 0 for any. */
void table_print(const struct table *table, unsigned right, size_t width, FILE *out);

/* Columns of the terminal that out is, 0 if it is none. */
size_t table_terminal_width(FILE *out);

void table_free(struct table *table);

#endif
