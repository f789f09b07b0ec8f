/*
 * Expectations of a test whose body runs in a process of its own.  Criterion's processes have a
 * second thread, which a PAM caller that is to join must not have; its own cr_expect() in a
 * child of theirs is lost.  Here the child writes into memory that both share.
 */
#ifndef TEST_REPORT_H
#define TEST_REPORT_H

#include "tests/unit/test_sandbox.h"

#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define REPORT_MAX 65536

static char *report_text; /* shared */

__attribute__((format(printf, 1, 2))) static inline void
report_add(const char *format, ...)
{
	size_t length = strlen(report_text);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(report_text + length, REPORT_MAX - length, format, args);
	va_end(args);
}

/* What must hold, and what to say besides where it does not. */
#define EXPECT_IN(condition, ...)                                                       \
	do {                                                                            \
		if (!(condition)) {                                                     \
			report_add("line %d: not so: %s\n  ", __LINE__, #condition); \
			report_add(__VA_ARGS__);                                   \
			report_add("\n");                                          \
		}                                                                       \
	} while (0)
#define EXPECT(condition) EXPECT_IN(condition, "%s", "")

/* For what the test itself needs. */
#define NEED(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			report_add("line %d: %s: %m\n", __LINE__, #condition);     \
			_exit(1);                                                       \
		}                                                                       \
	} while (0)

/* Runs body alone in a child, and makes what it reported this test's failure. */
static inline void
report_run(void (*body)(void))
{
	int status;

	report_text = mmap(NULL, REPORT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(report_text != MAP_FAILED, "%m");
	pid_t pid = fork();
	cr_assert_geq(pid, 0, "%m");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		body();
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid, "%m");
	cr_expect_str_eq(report_text, "", "%s", report_text);
	cr_expect_eq(status, 0, "it ended with wait status %d", status);
}

#endif
