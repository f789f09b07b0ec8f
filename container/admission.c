/*
 * Whether the host has room for one more container: counts what the others are promised, from
 * the tree of their cgroups, which holds whatever their supervisors do.
 *
 * Each supervisor decides for itself, so from the count until its own promise stands in the tree
 * it holds a lock, flock(2) on the directory of all supervisors, which is root's alone.  One that
 * was stopped meanwhile holds it; the others go on without after a second: a promise too many
 * is better than nobody's login.
 */
#include "container/cgroup_file.h"
#include "container/log.h"
#include "container/server.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/places.h"
#include "lib/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <syslog.h>

#define LOCK_MS 1000
#define LOCK_STEP_MS 20
#define QUEUE_STEP_MS 500

/* "max", or v1's greatest number of pages. */
#define NO_LIMIT (UINT64_C(1) << 62)

static uint64_t
number(int directory, const char *name, const char *file)
{
	char path[300], text[64];
	uint64_t bytes;

	if (text_format(path, sizeof(path), "%s/%s", name, file) < 0 ||
	    cgroup_file_read(directory, path, text, sizeof(text)) < 0)
		return UINT64_MAX;
	text[strcspn(text, "\n")] = '\0';
	return text_to_number(text, UINT64_MAX, &bytes) ? bytes : UINT64_MAX;
}

static uint64_t
limit_of(int directory, const char *name)
{
	uint64_t limit = number(directory, name, "memory.max");

	return limit != UINT64_MAX ? limit : number(directory, name, "memory.limit_in_bytes");
}

static uint64_t
use_of(int directory, const char *name)
{
	uint64_t use = number(directory, name, "memory.current");

	if (use == UINT64_MAX)
		use = number(directory, name, "memory.usage_in_bytes");
	return use == UINT64_MAX ? 0 : use;
}

struct count {
	uint64_t bytes;
	const char *but;   /* the container that is to be built */
	const char *slice; /* the one that it will be in, or "" */
	uint64_t wanted;   /* what it will be promised, until it is counted */
};

/* Promises are an admin's numbers, and may be anything. */
static uint64_t
sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* The cgroups right below: what is deeper is a container's own. */
static void
each_child(int directory, void (*each)(int directory, const char *name, struct count *count),
    struct count *count)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!entries) {
		own_close(&fd);
		return;
	}
	while ((entry = path_next_entry(entries)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			each(fd, entry->d_name, count);
	(void)closedir(entries); /* read only */
}

static void
count_one(int directory, const char *name, struct count *count)
{
	uint64_t limit = limit_of(directory, name);

	if (name[strspn(name, "0123456789")] == '\0' && strcmp(name, count->but) != 0)
		count->bytes = sum(count->bytes, limit < NO_LIMIT ? limit : use_of(directory, name));
}

static bool
is_slice(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && !strcmp(dot, ".slice");
}

/* Who shares a slice is promised no more than the slice. */
static void
count_any(int directory, const char *name, struct count *count)
{
	struct count below = { .but = count->but, .slice = "" };

	if (!is_slice(name)) {
		count_one(directory, name, count);
		return;
	}
	autofd int slice = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (slice >= 0)
		each_child(slice, count_one, &below);
	if (!strcmp(name, count->slice)) {
		below.bytes = sum(below.bytes, count->wanted);
		count->wanted = 0;
	}
	uint64_t limit = limit_of(directory, name);
	count->bytes = sum(count->bytes, below.bytes < limit ? below.bytes : limit);
}

struct memory_place {
	enum controller controller;
	char directory[512]; /* of the container; "" none */
};

static void
take_place(const char *directory, enum controller controller, void *context)
{
	struct memory_place *place = context;

	if (controller == place->controller)
		(void)text_format(place->directory, sizeof(place->directory), "%s", directory);
}

/* Cuts the last name off, and returns it. */
static const char *
cut(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return "";
	*slash = '\0';
	return slash + 1;
}

static uint64_t
committed(const struct server *server, const struct request *request)
{
	struct memory_place place = {
		.controller = server->machine.place[CONTROLLER_MEMORY].version == CGROUP_V1 ?
		    CONTROLLER_MEMORY : CONTROLLER_COUNT,
	};
	struct count count = { .slice = "", .wanted = request->door.memory };

	plan_each_cgroup(&request->plan, take_place, &place);
	count.but = cut(place.directory);
	const char *above = strrchr(place.directory, '/');
	if (above && is_slice(above))
		count.slice = cut(place.directory);
	autofd int all = place.directory[0] ? open(place.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (all >= 0)
		each_child(all, count_any, &count);
	return sum(count.bytes, count.wanted);
}

/* MemAvailable of proc(5); a kernel that does not tell has all of it left. */
static uint64_t
available(void)
{
	char text[4096];
	unsigned long long kib;

	if (cgroup_file_read(AT_FDCWD, "/proc/meminfo", text, sizeof(text)) < 0)
		return UINT64_MAX;
	const char *line = strstr(text, "\nMemAvailable:");
	return line && sscanf(line, "\nMemAvailable: %llu", &kib) == 1 ? kib * 1024 : UINT64_MAX;
}

/* True: go on; with the lock, or after it could not be had for too long. */
static bool
lock(struct server *server, const struct request *request)
{
	autofd int fd = open(PLACE_RUN, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		server->admission = take_fd(&fd);
		return true;
	}
	if (server_now() < request->queued + LOCK_MS) {
		server->deadline = server_now() + LOCK_STEP_MS;
		return false;
	}
	log_line(LOG_WARNING, "admission unlocked: user=%s uid=%u text=\"%s is locked for a second "
	    "already: is a supervisor stopped?\"", request->subject->user, (unsigned)server->uid, PLACE_RUN);
	return true;
}

void
admission_end(struct server *server)
{
	own_close(&server->admission);
}

bool
admission_pass(struct server *server, struct request *request)
{
	struct error err = ERROR_INIT;
	int64_t now = server_now();

	if (request->door.admission == ADMISSION_NONE)
		return true;
	if (request->queued == 0)
		request->queued = now;
	if (!lock(server, request))
		return false;
	const struct door_memory memory = {
		.committed = committed(server, request),
		.available = available(),
	};
	if (door_check_memory(&request->door, &memory, &err) == 0)
		return true;
	admission_end(server);
	if (request->door.admission == ADMISSION_QUEUE &&
	    now < request->queued + (int64_t)request->door.wait * 1000) {
		server->deadline = now + QUEUE_STEP_MS;
		return false;
	}
	log_line(LOG_WARNING, "admission refused: user=%s uid=%u wanted=%llu committed=%llu available=%llu",
	    request->subject->user, (unsigned)server->uid, (unsigned long long)request->door.memory,
	    (unsigned long long)memory.committed, (unsigned long long)memory.available);
	request->shown = true;
	request_refuse(server, request, &err);
	server->deadline = NEVER;
	return false;
}
