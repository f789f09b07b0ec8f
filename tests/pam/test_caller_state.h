/*
 * Everything of a process that a guest in it (a PAM module) could change, as lines of text: read
 * before and after a call, and compared.
 */
#ifndef TEST_CALLER_STATE_H
#define TEST_CALLER_STATE_H

#include "tests/pam/test_report.h"

#include <limits.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/time.h>

#define STATE_MAX 32768

/* Lines of /proc/self/status that tell of what a caller owns. */
static inline bool
state_is_stable(const char *line)
{
	static const char *const names[] = { "Umask:", "Uid:", "Gid:", "Groups:", "Threads:", "SigPnd:",
		"ShdPnd:", "SigBlk:", "SigIgn:", "SigCgt:", "Cap", "NoNewPrivs:", "Seccomp:" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(line, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static inline void
state_print_files(FILE *out)
{
	static const char *const names[] = { "status", "oom_score_adj", "cgroup", "loginuid", "comm" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64], line[512];
		(void)snprintf(path, sizeof(path), "/proc/self/%s", names[i]);
		FILE *in = fopen(path, "re");
		while (in && fgets(line, sizeof(line), in))
			if (i > 0 || state_is_stable(line))
				(void)fprintf(out, "%s %s", names[i], line);
		if (in)
			(void)fclose(in);
	}
}

/* Descriptors or namespaces: what is in directory, and where it leads. */
static inline void
state_print_links(FILE *out, const char *directory)
{
	DIR *links = opendir(directory);

	NEED(links != NULL);
	for (struct dirent *entry; (entry = readdir(links));) {
		char target[PATH_MAX] = "";
		if (readlinkat(dirfd(links), entry->d_name, target, sizeof(target) - 1) > 0 &&
		    atoi(entry->d_name) != dirfd(links))
			(void)fprintf(out, "%s/%s %s\n", directory, entry->d_name, target);
	}
	(void)closedir(links);
	for (int fd = 0; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			(void)fprintf(out, "descriptor %d flags %x %x\n", fd, (unsigned)fcntl(fd, F_GETFL),
			    (unsigned)fcntl(fd, F_GETFD));
}

static inline void
state_print_signals(FILE *out)
{
	struct sigaction action;

	for (int i = 1; i < NSIG; i++)
		if (sigaction(i, NULL, &action) == 0)
			(void)fprintf(out, "signal %d handler %p flags %x\n", i, (void *)action.sa_handler,
			    (unsigned)action.sa_flags);
}

/* Everything of the calling process that a guest could change, as lines of text. */
static inline void
state_read(char *state)
{
	extern char **environ;
	FILE *out = fmemopen(state, STATE_MAX, "w");
	char cwd[PATH_MAX];
	struct itimerval timer;
	struct rlimit limit;

	NEED(out != NULL && getcwd(cwd, sizeof(cwd)));
	state_print_files(out);
	state_print_links(out, "/proc/self/fd");
	state_print_links(out, "/proc/self/ns");
	state_print_signals(out);
	NEED(getitimer(ITIMER_REAL, &timer) == 0);
	(void)fprintf(out, "cwd %s\ndumpable %d\ntimer %d\n", cwd, prctl(PR_GET_DUMPABLE),
	    timer.it_value.tv_sec > 0);
	for (int i = 0; prlimit(0, (__rlimit_resource_t)i, NULL, &limit) == 0; i++)
		(void)fprintf(out, "limit %d %ju %ju\n", i, (uintmax_t)limit.rlim_cur,
		    (uintmax_t)limit.rlim_max);
	for (char **variable = environ; *variable; variable++)
		(void)fprintf(out, "environment %s\n", *variable);
	NEED(ftell(out) < STATE_MAX - 1 && fclose(out) == 0);
}

/* The first line in which they differ. */
static inline void
state_compare(const char *before, const char *after)
{
	size_t i = 0, line = 0;

	for (; before[i] && before[i] == after[i]; i++)
		if (before[i] == '\n')
			line = i + 1;
	before += line;
	after += line;
	EXPECT_IN(before[i - line] == after[i - line], "the caller's state was \"%.*s\", is \"%.*s\"",
	    (int)strcspn(before, "\n"), before, (int)strcspn(after, "\n"), after);
	/* Nor is there an ended child that it did not start. */
	EXPECT(waitpid(-1, NULL, WNOHANG | __WALL) <= 0);
}

#endif
