/*
 * pam_clock.so begin|end FILE: stands before and behind another module in a stack, and tells in
 * FILE what that one's open and close took in this very process: a line "open,BEGIN,END" each,
 * CLOCK_MONOTONIC in nanoseconds.  For bench/run, in a throw-away host.  The file is opened
 * before, since what stands between may change root, ids and all.
 */
#include "bench/clock.h"

#include <fcntl.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DATA "bench_clock"

struct watch {
	int fd; /* owned */
	int64_t begin;
};

static void
watch_free(pam_handle_t *pamh, void *data, int status)
{
	struct watch *watch = data;

	(void)pamh;
	(void)status;
	(void)close(watch->fd);
	free(watch);
}

static struct watch *
watch_of(pam_handle_t *pamh, const char *file)
{
	const void *data = NULL;
	struct watch *watch;

	if (pam_get_data(pamh, DATA, &data) == PAM_SUCCESS)
		return (struct watch *)(uintptr_t)data;
	watch = malloc(sizeof(*watch));
	if (!watch)
		return NULL;
	watch->fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (watch->fd < 0 || pam_set_data(pamh, DATA, watch, watch_free) != PAM_SUCCESS) {
		free(watch);
		return NULL;
	}
	return watch;
}

static int
take(pam_handle_t *pamh, const char *call, int argc, const char **argv)
{
	const int64_t now = clock_ns();
	struct watch *watch = argc == 2 ? watch_of(pamh, argv[1]) : NULL;

	if (!watch)
		return PAM_SESSION_ERR;
	if (strcmp(argv[0], "end") == 0)
		(void)dprintf(watch->fd, "%s,%lld,%lld\n", call, (long long)watch->begin, (long long)now);
	watch->begin = clock_ns();
	return PAM_SUCCESS;
}

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
    __attribute__((visibility("default")));
int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
    __attribute__((visibility("default")));

int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	return take(pamh, "open", argc, argv);
}

int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	return take(pamh, "close", argc, argv);
}
