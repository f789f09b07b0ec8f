/*
 * Bytes count where they are known, else names; drawn ten times a second at the most.
 */
#include "ctl/bar.h"

#include "ctl/human.h"
#include "ctl/table.h"
#include "lib/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS 100
#define CELLS 20
#define WHAT_MAX 24

static int64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Of a hundred; a total that was too low (the tree grew) is not gone over. */
static unsigned
percent_of(const struct progress *progress)
{
	uint64_t done = progress->bytes_total ? progress->bytes : progress->names;
	uint64_t total = progress->bytes_total ? progress->bytes_total : progress->names_total;

	if (total == 0)
		return 0;
	return done >= total ? 100 : (unsigned)((double)done * 100 / (double)total);
}

const char *
bar_text(const struct progress *progress, const char *what, size_t width, char *line, size_t size)
{
	char cells[CELLS + 1], bytes[HUMAN_MAX], total[HUMAN_MAX], name[WHAT_MAX + 1];
	unsigned percent = percent_of(progress), full = percent * CELLS / 100;

	memset(cells, '#', full);
	memset(cells + full, '.', CELLS - full);
	cells[CELLS] = '\0';
	(void)text_escape(what, name, sizeof(name));
	(void)human_bytes(progress->bytes, bytes, sizeof(bytes));
	(void)human_bytes(progress->bytes_total, total, sizeof(total));
	if (progress->names_total || progress->bytes_total)
		(void)snprintf(line, size, "%s [%s] %3u%%  %s of %s, %" PRIu64 " of %" PRIu64 " names", name,
		    cells, percent, bytes, total, progress->names, progress->names_total);
	else
		(void)snprintf(line, size, "%s  %s, %" PRIu64 " names", name, bytes, progress->names);
	if (width > 0 && strlen(line) >= width && width <= size)
		line[width - 1] = '\0';
	return line;
}

void
bar_show(const struct progress *progress, void *context)
{
	struct bar *bar = context;
	char line[256];
	int64_t now = now_ms();

	if (now - bar->last < STEP_MS || !isatty(STDERR_FILENO))
		return;
	bar->last = now;
	bar->is_shown = true;
	(void)fprintf(stderr, "\r%s\033[K", bar_text(progress, bar->what, table_terminal_width(stderr),
	    line, sizeof(line)));
	(void)fflush(stderr);
}

void
bar_end(struct bar *bar)
{
	if (bar->is_shown)
		(void)fputs("\r\033[K", stderr);
	bar->is_shown = false;
}
