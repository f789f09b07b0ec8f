/*
 * Many logins for bench/run, of a service with pam_ctr; root's, in a throw-away host.
 *
 *	crowd hold SERVICE USER...            a session for each USER, until standard input ends; says how
 *	                                      many there are once they are open
 *	crowd whole SERVICE SECONDS USER...   one worker for each USER: open, close, wait until all is gone,
 *	                                      again; prints how many logins there were, and nanoseconds
 *	crowd join SERVICE SECONDS USER...    the same without that wait: into containers that live on
 */
#include "bench/clock.h"
#include "bench/gone.h"
#include "bench/session.h"
#include "lib/own.h"
#include "lib/places.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS_MAX 16

/* The login's process, which says whether its session is open, and keeps it until hold ends. */
static _Noreturn void
login_run(const char *service, const char *user, int say, int hold)
{
	pam_handle_t *pamh;
	char byte;
	const bool is_open = session_start(&pamh, service, user) == 0 && session_open(pamh) == 0;

	if (say >= 0)
		(void)!write(say, is_open ? "o" : "x", 1);
	if (!is_open)
		_exit(1);
	if (hold >= 0)
		(void)!read(hold, &byte, 1);
	_exit(session_close(pamh) < 0);
}

/* One at a time: a thousand programs that load libpam at once would measure the machine's memory. */
static int
hold(const char *service, char **user, int count)
{
	int say[2], keep[2];
	char byte;

	if (pipe(say) < 0 || pipe(keep) < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			(void)close(keep[1]);
			(void)close(say[0]);
			login_run(service, user[i], say[1], keep[0]);
		}
		if (pid < 0 || read(say[0], &byte, 1) != 1 || byte != 'o')
			return -1;
	}
	printf("%d\n", count);
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	(void)close(keep[1]);
	while (wait(NULL) > 0)
		continue;
	return 0;
}

static int
login_once(const char *service, const char *user)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		login_run(service, user, -1, -1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static int
work(const char *service, const char *user, bool whole, int64_t until, unsigned *logins)
{
	char state[64];
	const struct passwd *pw = getpwnam(user);
	autofd int watch = gone_watch(PLACE_RUN);

	if (!pw || watch < 0)
		return -1;
	(void)snprintf(state, sizeof(state), "%s/%u", PLACE_RUN, (unsigned)pw->pw_uid);
	while (clock_ns() < until) {
		if (login_once(service, user) < 0 || (whole && gone_await(watch, state) < 0))
			return -1;
		++*logins;
	}
	return 0;
}

static int
rate(const char *service, bool whole, int seconds, char **user, int count)
{
	unsigned *logins = mmap(NULL, sizeof(*logins) * WORKERS_MAX, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned sum = 0;
	int status, rc = 0;

	if (logins == MAP_FAILED || count > WORKERS_MAX)
		return -1;
	const int64_t begin = clock_ns();
	for (int i = 0; i < count; i++)
		if (fork() == 0)
			_exit(work(service, user[i], whole, begin + (int64_t)seconds * 1000000000, &logins[i]) < 0);
	while (wait(&status) > 0)
		if (status != 0)
			rc = -1;
	for (int i = 0; i < count; i++)
		sum += logins[i];
	printf("%u,%lld\n", sum, (long long)(clock_ns() - begin));
	return rc;
}

int
main(int argc, char **argv)
{
	if (argc > 3 && strcmp(argv[1], "hold") == 0)
		return hold(argv[2], argv + 3, argc - 3) < 0;
	if (argc > 4 && (strcmp(argv[1], "whole") == 0 || strcmp(argv[1], "join") == 0))
		return rate(argv[2], argv[1][0] == 'w', (int)strtol(argv[3], NULL, 10), argv + 4, argc - 4) < 0;
	fprintf(stderr, "usage: crowd hold SERVICE USER... | whole|join SERVICE SECONDS USER...\n");
	return 2;
}
