/*
 * Runs as root on the host: in supervisors, in foreign programs (through the module, when a login
 * was refused) and, reading, in ctrctl.  The directory is root's alone.
 */
#include "lib/stats.h"

#include "lib/own.h"
#include "lib/path.h"
#include "lib/places.h"
#include "lib/text.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#define STATS_SIZE 4096
#define STATS_MAGIC "pam_ctr stats 1"
/* How often a page may change under its reader: twice for each container that ends meanwhile. */
#define READ_TRIES 8

_Static_assert(sizeof(struct stats_page) <= STATS_SIZE, "a page holds all of it");
_Static_assert(sizeof(STATS_MAGIC) == sizeof(((struct stats_page *)0)->magic), "whole magic");

const uint64_t stats_bound[STATS_BUCKETS] = {
	1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000,
	10000000, UINT64_MAX,
};

uint64_t
stats_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int
file_name(uid_t uid, char *name, size_t size)
{
	return text_format(name, size, "%u", (unsigned)uid);
}

/* Not written but allocated: who makes it at the same time loses nothing, and no page is missing later. */
static int
make_room(int fd, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "look at the counters");
	if (!S_ISREG(st.st_mode) || st.st_uid != 0)
		return error_set(err, EPERM, "the counters are not a file of root's");
	if (st.st_size == STATS_SIZE && st.st_blocks > 0)
		return 0;
	return fallocate(fd, 0, 0, STATS_SIZE) < 0 ? error_set(err, errno, "make room for counters") : 0;
}

static struct stats_page *
map_file(int directory, const char *name, struct error *err)
{
	autofd int fd = openat(directory, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
	    0600);

	if (fd < 0) {
		(void)error_set(err, errno, "open %s/%s", PLACE_STATS, name);
		return NULL;
	}
	if (make_room(fd, err) < 0)
		return NULL;
	void *page = mmap(NULL, STATS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page != MAP_FAILED)
		return page;
	(void)error_set(err, errno, "map %s/%s", PLACE_STATS, name);
	return NULL;
}

/* Of a file that is older than this layout: whoever still counts there keeps the old file. */
static struct stats_page *
map_own_version(int directory, const char *name, struct error *err)
{
	struct stats_page *page = map_file(directory, name, err);

	if (!page || !page->magic[0] || !memcmp(page->magic, STATS_MAGIC, sizeof(STATS_MAGIC)))
		return page;
	stats_close(&page);
	if (unlinkat(directory, name, 0) < 0 && errno != ENOENT) {
		(void)error_set(err, errno, "remove %s/%s", PLACE_STATS, name);
		return NULL;
	}
	return map_file(directory, name, err);
}

/* Two that do this at once write the same. */
static void
name_owner(struct stats_page *page, uid_t uid, const char *user)
{
	struct stats_latency latency[STATS_STAGES][STATS_KINDS];

	if (page->magic[0] && !strncmp(page->user, user, sizeof(page->user) - 1))
		return;
	memcpy(latency, page->latency, sizeof(latency));
	memset(page, 0, sizeof(*page));
	memcpy(page->latency, latency, sizeof(latency));
	memset(page->ended, 0xff, sizeof(page->ended)); /* USAGE_UNKNOWN */
	page->ended[0].init = (struct process_id) { .pid = 0 };
	page->uid = uid;
	(void)text_format(page->user, sizeof(page->user), "%s", user);
	page->changed = (int64_t)time(NULL);
	memcpy(page->magic, STATS_MAGIC, sizeof(STATS_MAGIC));
}

struct stats_page *
stats_open(uid_t uid, const char *user, struct error *err)
{
	char name[16];
	autofd int run = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (run < 0 || file_name(uid, name, sizeof(name)) < 0) {
		(void)error_set(err, errno, "open /run");
		return NULL;
	}
	autofd int directory = path_make_private(run, strrchr(PLACE_STATS, '/') + 1, 0700, err);
	if (directory < 0) {
		(void)error_prefix(err, "/run");
		return NULL;
	}
	struct stats_page *page = map_own_version(directory, name, err);
	if (page)
		name_owner(page, uid, user);
	return page;
}

void
stats_close(struct stats_page **page)
{
	int saved = errno;

	if (*page)
		(void)munmap(*page, STATS_SIZE);
	*page = NULL;
	errno = saved;
}

static void
add(struct stats_page *page, uint64_t *counter, uint64_t more)
{
	(void)__atomic_fetch_add(counter, more, __ATOMIC_RELAXED);
	__atomic_store_n(&page->changed, (int64_t)time(NULL), __ATOMIC_RELAXED);
}

void
stats_refused(struct stats_page *page, enum stats_refusal refusal)
{
	if (page)
		add(page, &page->refused[refusal], 1);
}

void
stats_exempt(struct stats_page *page)
{
	if (page)
		add(page, &page->exempt, 1);
}

void
stats_login(struct stats_page *page, enum stats_kind kind)
{
	if (page)
		add(page, &page->logins[kind], 1);
}

void
stats_took(struct stats_page *page, enum stats_stage stage, enum stats_kind kind, uint64_t usec)
{
	struct stats_latency *latency;
	size_t i = 0;

	if (!page)
		return;
	latency = &page->latency[stage][kind];
	while (usec > stats_bound[i])
		i++;
	add(page, &latency->usec, usec);
	add(page, &latency->bucket[i], 1);
}

/* Start times are the kernel's ticks since boot: of two containers the later has the larger. */
bool
stats_has_ended(const struct stats_ended *ended, const struct process_id *init)
{
	return init->start != 0 && init->start <= ended->init.start;
}

static void
add_known(uint64_t *sum, uint64_t number)
{
	if (number != USAGE_UNKNOWN)
		*sum = (*sum == USAGE_UNKNOWN ? 0 : *sum) + number;
}

void
stats_container_ended(struct stats_page *page, const struct process_id *init,
    const struct usage *usage)
{
	if (!page || stats_has_ended(&page->ended[page->ended_now & 1], init))
		return;
	uint32_t now = page->ended_now & 1;
	struct stats_ended *next = &page->ended[!now];

	*next = page->ended[now];
	next->init = *init;
	add_known(&next->cpu_usec, usage->cpu_usec);
	add_known(&next->oom_kills, usage->oom_kills);
	add_known(&next->pids_refused, usage->pids_refused);
	add_known(&next->io_read, usage->io_read);
	add_known(&next->io_written, usage->io_written);
	for (size_t i = 0; i < USAGE_PRESSURES; i++)
		for (size_t kind = 0; kind < 2; kind++)
			add_known(&next->pressure[i][kind], usage->pressure[i][kind]);
	/* From here on it counts: all of it. */
	__atomic_store_n(&page->ended_now, !now, __ATOMIC_RELEASE);
}

static int
copy_page(int fd, struct stats_page *copy, struct error *err)
{
	if (pread(fd, copy, sizeof(*copy), 0) != (ssize_t)sizeof(*copy))
		return error_set(err, EINVAL, "read the counters: they are not whole");
	if (memcmp(copy->magic, STATS_MAGIC, sizeof(STATS_MAGIC)) != 0)
		return error_set(err, EINVAL, "read the counters: they are another version's");
	copy->user[sizeof(copy->user) - 1] = '\0';
	return 0;
}

/* The container that ends while we read makes ended[] another: then once more. */
int
stats_read(uid_t uid, struct stats_page *copy, struct error *err)
{
	char path[sizeof(PLACE_STATS) + 16];
	struct stats_page again;

	if (text_format(path, sizeof(path), "%s/%u", PLACE_STATS, (unsigned)uid) < 0)
		return error_set(err, errno, "name the counters of uid %u", (unsigned)uid);
	autofd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno, "open %s", path);
	for (int i = 0; i < READ_TRIES; i++) {
		if (copy_page(fd, copy, err) < 0 || copy_page(fd, &again, err) < 0)
			return error_prefix(err, "%s", path);
		if (copy->ended_now == again.ended_now &&
		    !memcmp(&copy->ended[copy->ended_now & 1], &again.ended[again.ended_now & 1],
		        sizeof(copy->ended[0])))
			return 0;
	}
	return error_set(err, EBUSY, "read %s: it does not stand still", path);
}
