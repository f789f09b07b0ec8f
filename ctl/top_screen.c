/*
 * Draws ctrctl top.  Everything printed was escaped before, or is a number; a line never
 * wraps, whatever the terminal's size.
 */
#include "ctl/top_screen.h"

#include "ctl/human.h"
#include "ctl/top_columns.h"
#include "lib/text.h"

#include <curses.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define HEAD_LINES 3 /* two of sums, one of titles */
#define FOOT_LINES 1

enum colour {
	COLOUR_GOOD = 1,
	COLOUR_HIGH,
	COLOUR_FULL,
	COLOUR_TITLE
};

size_t
top_list_lines(void)
{
	return LINES > HEAD_LINES + FOOT_LINES ? (size_t)(LINES - HEAD_LINES - FOOT_LINES) : 1;
}

static attr_t
colour(const struct top_screen *screen, enum colour number)
{
	return screen->is_plain ? A_NORMAL : (attr_t)COLOR_PAIR(number);
}

static unsigned
columns(void)
{
	return COLS > 0 ? (unsigned)COLS : 1;
}

/* One line from its start, cut at the edge. */
static void
line(int y, const char *text)
{
	(void)mvaddnstr(y, 0, text, COLS);
}

static attr_t
bar_colour(const struct top_screen *screen, unsigned per_mille)
{
	return colour(screen, per_mille < 750 ? COLOUR_GOOD : per_mille < 950 ? COLOUR_HIGH : COLOUR_FULL);
}

static void
draw_cell(const struct top_screen *screen, const struct top_cell *cell, bool is_selected)
{
	attr_t plain = is_selected ? A_REVERSE : A_NORMAL;

	(void)attrset((int)plain);
	if (!cell->is_bar) {
		(void)addstr(cell->text);
		return;
	}
	(void)addch('[');
	(void)attrset((int)(plain | bar_colour(screen, cell->per_mille) | A_BOLD));
	(void)addnstr(cell->text + 1, (int)cell->filled);
	(void)attrset((int)plain);
	(void)addstr(cell->text + 1 + cell->filled);
}

static void
draw_row(const struct top_screen *screen, const struct top_layout *layout, int y,
    const struct top_row *row, bool is_selected)
{
	struct top_cell cell;

	(void)move(y, 0);
	for (size_t i = 0; i < layout->count; i++) {
		top_cell(layout, i, row, &screen->machine, &cell);
		if (i > 0)
			(void)addch(' ' | (is_selected ? A_REVERSE : A_NORMAL));
		draw_cell(screen, &cell, is_selected);
	}
	(void)attrset(A_NORMAL);
}

static void
draw_titles(const struct top_screen *screen, const struct top_layout *layout, int y)
{
	struct top_cell cell;

	(void)move(y, 0);
	for (size_t i = 0; i < layout->count; i++) {
		attr_t own = colour(screen, COLOUR_TITLE) | A_BOLD;
		top_title(layout, i, &cell);
		if (top_column_key(layout->column[i]) == (int)screen->order.key)
			own |= A_UNDERLINE;
		if (i > 0)
			(void)addch(' ');
		(void)attrset((int)own);
		(void)addstr(cell.text);
		(void)attrset(A_NORMAL);
	}
}

static void
draw_head(const struct top_screen *screen)
{
	struct top_row sum = top_sum(&screen->sample);
	char text[256], clock[16] = "", filter[TOP_NAME + 16] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm))
		(void)strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	if (screen->order.filter[0])
		(void)snprintf(filter, sizeof(filter), "  filter %s", screen->order.filter);
	(void)snprintf(text, sizeof(text), "pam_ctr %s  %zu containers, %llu sessions  by %s%s%s%s", clock,
	    screen->sample.count, (unsigned long long)sum.sessions, top_key_name(screen->order.key),
	    screen->order.is_reversed ? ", reversed" : "", screen->order.hides_idle ? ", idle hidden" : "",
	    filter);
	line(0, text);
}

/* What all of them together have of the machine. */
static void
draw_sum(const struct top_screen *screen, const struct top_layout *layout)
{
	struct top_row sum = top_sum(&screen->sample);

	sum.usage.memory_max = screen->machine.memory;
	sum.usage.cpu_max = screen->machine.cpus * UINT64_C(1000);
	sum.usage.pids_max = screen->machine.pid_max;
	draw_row(screen, layout, 1, &sum, false);
}

/* The rows on the screen follow the cursor. */
static void
scroll_to_cursor(struct top_screen *screen)
{
	size_t lines = top_list_lines();

	if (screen->shown == 0)
		screen->selected = 0;
	else if (screen->selected >= screen->shown)
		screen->selected = screen->shown - 1;
	if (screen->first > screen->selected)
		screen->first = screen->selected;
	if (screen->selected >= screen->first + lines)
		screen->first = screen->selected - lines + 1;
}

static void
draw_list(struct top_screen *screen)
{
	struct top_layout layout;

	top_layout(columns(), &layout);
	draw_head(screen);
	draw_sum(screen, &layout);
	draw_titles(screen, &layout, HEAD_LINES - 1);
	scroll_to_cursor(screen);
	for (size_t i = 0; i < top_list_lines() && screen->first + i < screen->shown; i++)
		draw_row(screen, &layout, HEAD_LINES + (int)i, &screen->sample.row[screen->first + i],
		    screen->first + i == screen->selected);
	if (screen->shown == 0)
		line(HEAD_LINES, screen->sample.count ? "no container is as the filter says" :
		    "no containers: they are built by logins");
}

/* --- one container ---------------------------------------------------------------------- */

/* Lines of what is below the head, of which those from scroll on are on the screen. */
struct page {
	size_t number, scroll;
};

static void
page_line(struct page *page, const char *text)
{
	size_t at = page->number++;

	if (at >= page->scroll && at - page->scroll < top_list_lines())
		line(HEAD_LINES + (int)(at - page->scroll), text);
}

static void
draw_sessions(const struct view *view, struct page *page)
{
	char text[512], service[128], tty[128], rhost[256], id[64];

	page_line(page, "SESSION    SERVICE    TTY        PID      FROM");
	for (size_t i = 0; i < view->record.sessions; i++) {
		const struct record_session *session = &view->record.session[i];
		(void)snprintf(text, sizeof(text), "%-10s %-10s %-10s %-8d %s%s",
		    text_escape(session->id, id, sizeof(id)),
		    text_escape(session->service, service, sizeof(service)),
		    text_escape(session->tty[0] ? session->tty : "-", tty, sizeof(tty)),
		    (int)session->caller.pid,
		    text_escape(session->rhost[0] ? session->rhost : "-", rhost, sizeof(rhost)),
		    view->session_alive && view->session_alive[i] ? "" : " (dead)");
		page_line(page, text);
	}
}

static void
draw_processes(const struct top_detail *detail, struct page *page)
{
	char text[512], cpu[HUMAN_MAX], memory[HUMAN_MAX], used[HUMAN_MAX];

	page_line(page, "    PID  INSIDE S   CPU    MEM     TIME COMMAND");
	for (size_t i = 0; i < detail->count; i++) {
		const struct top_process *process = &detail->process[i];
		uint64_t share = process->cpu;
		if (share != USAGE_UNKNOWN)
			share = (share + 5) / 10 * 10;
		(void)snprintf(text, sizeof(text), "%7d %7d %c %5s %6s %8s %s", (int)process->pid,
		    (int)process->inside, process->state, human_cpus(share, cpu, sizeof(cpu)),
		    human_bytes(process->memory, memory, sizeof(memory)),
		    human_usec(process->cpu_usec, used, sizeof(used)), process->command);
		page_line(page, text);
	}
}

/* The user's row of the list, which goes on being sampled, stands above. */
static void
draw_detail(struct top_screen *screen)
{
	struct page page = { .scroll = screen->scroll };
	const struct top_row *row = top_selected(screen);
	struct top_layout layout;

	top_layout(columns(), &layout);
	draw_head(screen);
	draw_titles(screen, &layout, 1);
	if (row)
		draw_row(screen, &layout, 2, row, false);
	draw_sessions(&screen->detail.view, &page);
	page_line(&page, "");
	draw_processes(&screen->detail, &page);
	if (screen->scroll >= page.number)
		screen->scroll = page.number - 1;
}

/* --- the rest --------------------------------------------------------------------------- */

static void
draw_help(struct top_screen *screen)
{
	struct page page = { .scroll = screen->scroll };
	char text[160];

	line(0, "ctrctl top: what each container uses of what it may use");
	line(1, "S: A alive, O orphaned, D dead, N no record, B broken (ctrctl gc mends these)");
	for (const struct top_binding *binding = top_bindings; binding->keys; binding++) {
		(void)snprintf(text, sizeof(text), "  %-16s %s", binding->keys, binding->help);
		page_line(&page, text);
	}
	if (screen->scroll >= page.number)
		screen->scroll = page.number - 1;
}

static void
draw_foot(const struct top_screen *screen)
{
	static const char *const foot[] = {
		[TOP_LIST] = "q quit  h help  M P N T sort  / filter  Enter details  k kill",
		[TOP_DETAIL] = "q back  arrows scroll  k kill",
		[TOP_HELP] = "any key: back",
		[TOP_ASK_FILTER] = "part of the user's name: ",
		[TOP_ASK_DELAY] = "seconds between two looks: ",
		[TOP_ASK_KILL] = "",
	};
	char text[256];
	const struct top_row *row = top_selected(screen);

	if (screen->message[0])
		(void)snprintf(text, sizeof(text), "%s", screen->message);
	else if (screen->mode == TOP_ASK_KILL)
		(void)snprintf(text, sizeof(text), "end the container of %s with all its sessions? y/n",
		    row ? row->user : "?");
	else
		(void)snprintf(text, sizeof(text), "%s%s", foot[screen->mode],
		    screen->mode == TOP_ASK_FILTER || screen->mode == TOP_ASK_DELAY ? screen->typed : "");
	(void)attrset(A_BOLD);
	line(LINES - 1, text);
	(void)attrset(A_NORMAL);
}

void
top_draw(struct top_screen *screen)
{
	enum top_mode mode = screen->mode;

	(void)erase();
	if (mode != TOP_LIST && mode != TOP_DETAIL && mode != TOP_HELP)
		mode = screen->mode_before;
	if (mode == TOP_HELP)
		draw_help(screen);
	else if (mode == TOP_DETAIL)
		draw_detail(screen);
	else
		draw_list(screen);
	draw_foot(screen);
	(void)move(LINES - 1, COLS - 1);
	(void)refresh();
}
