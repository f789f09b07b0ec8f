/*
 * ctrctl top: all containers, again and again: on a terminal as a screen with keys, elsewhere
 * (or with --batch) as lines.
 */
#include "ctl/command.h"
#include "ctl/table.h"
#include "ctl/top_columns.h"
#include "ctl/top_screen.h"
#include "lib/own.h"
#include "lib/text.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define DELAY_MS 2000
/* The first rates come soon: until then only totals are known. */
#define FIRST_DELAY_MS 500
#define KILLER_MS 200
#define BATCH_WIDTH 132

static int64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- the options ------------------------------------------------------------------------ */

struct top_wish {
	struct top_order order;
	int delay_ms;
	uint64_t times; /* 0: no end */
	bool is_batch;
};

static int
parse_wish(const struct options *options, struct top_wish *wish, struct error *err)
{
	*wish = (struct top_wish) { .delay_ms = DELAY_MS, .is_batch = options->batch };
	if (options->delay && (wish->delay_ms = top_delay(options->delay)) < 0)
		return error_set(err, 0, "--delay %s: not a number of seconds from 0.1 to 600", options->delay);
	if (options->count && (!text_to_number(options->count, UINT32_MAX, &wish->times) || !wish->times))
		return error_set(err, 0, "--count %s: not a number of times", options->count);
	int key = options->sort ? top_key_find(options->sort) : TOP_BY_CPU;
	if (key < 0)
		return error_set(err, 0, "--sort %s: it is one of cpu, memory, tasks, time, io, sessions, age, user",
		    options->sort);
	wish->order.key = (enum top_key)key;
	if (options->operand[0] && text_format(wish->order.filter, sizeof(wish->order.filter), "%s",
	        options->operand[0]) < 0)
		return error_set(err, 0, "%s: no name is as long", options->operand[0]);
	return 0;
}

/* --- both ------------------------------------------------------------------------------- */

/* A new sample in the place of the last, with rates; the cursor stays on its container. */
static int
look(struct top_screen *screen, struct error *err)
{
	const struct top_row *row = top_selected(screen);
	uid_t selected = row ? row->uid : 0;
	struct top_sample sample = TOP_SAMPLE_INIT;

	if (top_sample_read(&sample, err) < 0)
		return -1;
	top_sample_free(&screen->before);
	screen->before = screen->sample;
	screen->sample = sample;
	top_rates(&screen->sample, &screen->before);
	screen->shown = top_arrange(&screen->sample, &screen->order);
	for (size_t i = 0; row && i < screen->shown; i++)
		if (screen->sample.row[i].uid == selected)
			screen->selected = i;
	return 0;
}

static void
screen_free(struct top_screen *screen)
{
	top_sample_free(&screen->sample);
	top_sample_free(&screen->before);
	top_detail_free(&screen->detail);
}

/* --- lines ------------------------------------------------------------------------------- */

static void
print_row(const struct top_layout *layout, const struct top_row *row, const struct machine *machine)
{
	struct top_cell cell;
	char line[TOP_COLUMNS_MAX * (TOP_CELL + 1)] = "";
	size_t length = 0;

	for (size_t i = 0; i < layout->count; i++) {
		if (row)
			top_cell(layout, i, row, machine, &cell);
		else
			top_title(layout, i, &cell);
		length += (size_t)snprintf(line + length, sizeof(line) - length, "%s%s", i ? " " : "", cell.text);
	}
	while (length > 0 && line[length - 1] == ' ')
		line[--length] = '\0';
	(void)puts(line);
}

static void
print_sample(const struct top_screen *screen)
{
	size_t width = table_terminal_width(stdout);
	struct top_layout layout;

	top_layout(width ? (unsigned)width : BATCH_WIDTH, &layout);
	print_row(&layout, NULL, &screen->machine);
	for (size_t i = 0; i < screen->shown; i++)
		print_row(&layout, &screen->sample.row[i], &screen->machine);
}

static int
run_batch(struct top_screen *screen, uint64_t times, struct error *err)
{
	if (look(screen, err) < 0)
		return -1;
	for (uint64_t i = 0; times == 0 || i < times; i++) {
		(void)poll(NULL, 0, screen->delay_ms);
		if (look(screen, err) < 0)
			return -1;
		if (i > 0)
			(void)putchar('\n');
		print_sample(screen);
		if (fflush(stdout) == EOF)
			return 0; /* output_end() says why */
	}
	return 0;
}

/* --- the screen ------------------------------------------------------------------------- */

static int
look_at_detail(struct top_screen *screen, struct error *err)
{
	const struct top_row *row = top_selected(screen);
	struct top_detail detail = TOP_DETAIL_INIT;
	int rc = row ? top_detail_read(row->uid, &screen->detail, &detail, err) : 1;

	if (rc < 0)
		return -1;
	if (rc > 0) {
		screen->mode = TOP_LIST;
		(void)text_format(screen->message, sizeof(screen->message), "its container is gone");
	}
	top_detail_free(&screen->detail);
	screen->detail = detail;
	return 0;
}

/* What the child that waits for a container's end has found out. */
static void
hear_killer(struct top_screen *screen)
{
	int status;

	if (!screen->killer || waitpid(screen->killer, &status, WNOHANG) != screen->killer)
		return;
	screen->killer = 0;
	(void)text_format(screen->message, sizeof(screen->message),
	    !WIFEXITED(status) || WEXITSTATUS(status) == 1 ? "uid %u: could not be ended; the log says why" :
	    WEXITSTATUS(status) == 2 ? "uid %u: had no container any more" : "uid %u: ended",
	    (unsigned)screen->killed);
}

static bool
is_of_detail(const struct top_screen *screen)
{
	return screen->mode == TOP_DETAIL || (screen->mode != TOP_LIST && screen->mode_before == TOP_DETAIL);
}

static int
refresh_data(struct top_screen *screen, struct error *err)
{
	if (look(screen, err) < 0)
		return -1;
	return is_of_detail(screen) ? look_at_detail(screen, err) : 0;
}

/* A key, or ERR when it is time for the next look. */
static int
wait_for_key(const struct top_screen *screen, int64_t until)
{
	int64_t left = until - now_ms();

	if (left <= 0)
		return ERR;
	if (screen->killer && left > KILLER_MS)
		left = KILLER_MS;
	timeout((int)left);
	return getch();
}

/* What changes with the order needs no new sample; details want one of their own at once. */
static int
after_key(struct top_screen *screen, enum top_mode before, struct error *err)
{
	screen->shown = top_arrange(&screen->sample, &screen->order);
	if (screen->mode == TOP_DETAIL && before == TOP_LIST)
		return look_at_detail(screen, err);
	return 0;
}

static int
run_screen(struct top_screen *screen, uint64_t times, struct error *err)
{
	int64_t until = now_ms() + FIRST_DELAY_MS;
	uint64_t looks = 0;

	if (refresh_data(screen, err) < 0)
		return -1;
	while (!screen->is_over) {
		top_draw(screen);
		int key = wait_for_key(screen, until);
		hear_killer(screen);
		if (key != ERR && key != KEY_RESIZE) {
			enum top_mode before = screen->mode;
			top_press(screen, key);
			if (after_key(screen, before, err) < 0)
				return -1;
		}
		if (now_ms() < until && key != ' ')
			continue;
		if (refresh_data(screen, err) < 0)
			return -1;
		until = now_ms() + screen->delay_ms;
		screen->is_over = screen->is_over || (times && ++looks > times);
	}
	return 0;
}

static void
start_colours(struct top_screen *screen)
{
	static const short pairs[] = { COLOR_GREEN, COLOR_YELLOW, COLOR_RED, COLOR_CYAN };
	const char *none = getenv("NO_COLOR"); /* no-color.org: any value but an empty one */

	screen->is_plain = !has_colors() || (none && *none);
	if (!has_colors())
		return;
	(void)start_color();
	(void)use_default_colors();
	for (short i = 0; i < (short)(sizeof(pairs) / sizeof(pairs[0])); i++)
		(void)init_pair((short)(i + 1), pairs[i], -1);
}

static int
on_screen(struct top_screen *screen, uint64_t times, struct error *err)
{
	SCREEN *terminal = newterm(NULL, stdout, stdin);

	if (!terminal)
		return error_set(err, 0, "TERM=%s is not known here: another one, or --batch",
		    getenv("TERM") ? getenv("TERM") : "");
	start_colours(screen);
	(void)cbreak();
	(void)noecho();
	(void)nonl();
	(void)keypad(stdscr, TRUE);
	(void)set_escdelay(50);
	(void)curs_set(0);
	int rc = run_screen(screen, times, err);
	(void)endwin();
	delscreen(terminal);
	return rc;
}

static bool
is_screen(void)
{
	const char *term = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

int
command_top(const struct options *options)
{
	struct error err = ERROR_INIT;
	struct top_screen screen = { .sample = TOP_SAMPLE_INIT, .detail = TOP_DETAIL_INIT };
	struct top_wish wish;
	int code = caller_check("top");

	if (code != CTL_OK)
		return code;
	if (parse_wish(options, &wish, &err) < 0)
		return complain(CTL_USAGE, "top: %s", err.text);
	if (machine_read(&screen.machine, &err) < 0)
		return complain_error("top", &err);
	screen.order = wish.order;
	screen.delay_ms = wish.delay_ms;
	int rc = wish.is_batch || !is_screen() ? run_batch(&screen, wish.times, &err) :
	    on_screen(&screen, wish.times, &err);
	screen_free(&screen);
	return rc < 0 ? complain_error("top", &err) : output_end(CTL_OK);
}
