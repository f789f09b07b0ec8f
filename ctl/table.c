/*
 * Rows of cells as text.  What users chose (names) is escaped here, so that no name can
 * speak to the admin's terminal.
 */
#include "ctl/table.h"

#include "lib/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* Room for a line of the widest cells, two blanks between them. */
#define LINE_MAX_LENGTH (TABLE_COLUMNS * (TABLE_CELL + 2) + 1)

struct table_row *
table_add(struct table *table)
{
	struct table_row *row = reallocarray(table->row, table->count + 1, sizeof(*row));

	if (!row)
		return NULL;
	table->row = row;
	row += table->count++;
	*row = (struct table_row) { .attention = ATTENTION_NONE };
	return row;
}

void
table_set(struct table_row *row, size_t column, const char *text)
{
	(void)text_escape(text, row->cell[column], TABLE_CELL);
}

static void
measure(const struct table *table, size_t *width)
{
	for (size_t i = 0; i < table->count; i++)
		for (size_t column = 0; column < TABLE_COLUMNS; column++) {
			size_t length = strlen(table->row[i].cell[column]);
			if (length > width[column])
				width[column] = length;
		}
}

static void
print_row(const struct table_row *row, const size_t *widths, unsigned right, size_t width,
    FILE *out)
{
	char line[LINE_MAX_LENGTH] = "";
	size_t length = 0;

	for (size_t column = 0; column < TABLE_COLUMNS; column++) {
		bool is_right = right & 1U << column;
		int pad = (int)widths[column];
		if (widths[column] == 0)
			continue; /* a column of nothing */
		int printed = snprintf(line + length, sizeof(line) - length, "%s%*s",
		    length ? "  " : "", is_right ? pad : -pad, row->cell[column]);
		length += (size_t)printed;
	}
	while (length > 0 && line[length - 1] == ' ')
		length--;
	if (width > 0 && length > width)
		length = width;
	(void)fprintf(out, "%s%.*s%s\n", attention_begin(row->attention, out), (int)length, line,
	    attention_end(row->attention, out));
}

void
table_print(const struct table *table, unsigned right, size_t width, FILE *out)
{
	size_t widths[TABLE_COLUMNS] = { 0 };

	measure(table, widths);
	for (size_t i = 0; i < table->count; i++)
		print_row(&table->row[i], widths, right, width, out);
}

size_t
table_terminal_width(FILE *out)
{
	struct winsize size;

	return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void
table_free(struct table *table)
{
	free(table->row);
	*table = (struct table)TABLE_INIT;
}
