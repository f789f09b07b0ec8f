/*
 * Reads the container's numbers once, at a login that is to be shown them.
 */
#include "container/banner.h"

#include "lib/amount.h"
#include "lib/text.h"
#include "lib/usage.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * sshd(8) shows what PAM tells it before a shell on a terminal alone, login(1) is always one.
 * su, cron and the others show it at once, whatever they run.
 */
static bool
is_for_people(const char *service)
{
	return !strcmp(service, "sshd") || !strcmp(service, "login") || !strcmp(service, "remote");
}

struct sentence {
	char *text;
	unsigned long size, length;
};

/* ", " before all but the first; what does not fit is left out, with all that follows. */
static void __attribute__((format(printf, 2, 3)))
add(struct sentence *sentence, const char *format, ...)
{
	unsigned long room = sentence->size - sentence->length;
	va_list list;
	int before = snprintf(sentence->text + sentence->length, room, "%s",
	    sentence->length > 0 ? ", " : "pam_ctr: ");

	va_start(list, format);
	int length = (unsigned long)before < room ? vsnprintf(sentence->text + sentence->length + before,
	    room - (unsigned long)before, format, list) : -1;
	va_end(list);
	if (length < 0 || (unsigned long)(before + length) >= room) {
		sentence->text[sentence->length] = '\0';
		sentence->size = sentence->length;
		return;
	}
	sentence->length += (unsigned long)(before + length);
}

static void
add_memory(struct sentence *sentence, const struct usage *usage)
{
	char used[AMOUNT_MAX], most[AMOUNT_MAX];

	if (usage->memory == USAGE_UNKNOWN)
		return;
	(void)amount_bytes(usage->memory, used, sizeof(used));
	if (usage->memory_max < USAGE_UNLIMITED)
		add(sentence, "memory %s of %s", used, amount_bytes(usage->memory_max, most, sizeof(most)));
	else
		add(sentence, "memory %s", used);
}

/* A session may have less than its container: the reserve is for one more login. */
static void
add_tasks(struct sentence *sentence, const struct server *server, const struct usage *usage)
{
	uint64_t most = usage->pids_max;

	(void)text_to_number(server->cgroups.leaf_pids, UINT64_MAX, &most);
	if (usage->pids == USAGE_UNKNOWN)
		return;
	if (most < USAGE_UNLIMITED)
		add(sentence, "tasks %llu of %llu", (unsigned long long)usage->pids, (unsigned long long)most);
	else
		add(sentence, "tasks %llu", (unsigned long long)usage->pids);
}

static void
add_stay(struct sentence *sentence, const struct door *door)
{
	char time[AMOUNT_MAX], idle[AMOUNT_MAX];

	(void)amount_seconds(door->stay.session_time, time, sizeof(time));
	(void)amount_seconds(door->stay.idle_timeout, idle, sizeof(idle));
	if (door->stay.session_time > 0 && door->stay.idle_timeout > 0)
		add(sentence, "ends after %s or %s without input", time, idle);
	else if (door->stay.session_time > 0)
		add(sentence, "ends after %s", time);
	else if (door->stay.idle_timeout > 0)
		add(sentence, "ends after %s without input", idle);
}

void
banner_write(const struct server *server, const struct request *request, char *banner,
    unsigned long size)
{
	const struct door *door = &request->door;
	struct sentence sentence = { .text = banner, .size = size };
	struct usage usage;

	banner[0] = '\0';
	if (!door->banner || !is_for_people(request->subject->service))
		return;
	usage_read(server->record.cgroup, 8, &usage);
	add_memory(&sentence, &usage);
	if (usage.cpu_max < USAGE_UNLIMITED)
		add(&sentence, "CPU %llu%%", (unsigned long long)usage.cpu_max / 10);
	add_tasks(&sentence, server, &usage);
	if (door->max_sessions > 0)
		add(&sentence, "sessions %zu of %llu", server->record.sessions,
		    (unsigned long long)door->max_sessions);
	add_stay(&sentence, door);
}
