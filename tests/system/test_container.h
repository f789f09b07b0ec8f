/*
 * A container without cgroups for one test: a plan by hand, container/build.c, and the built
 * init, in the place where it is looked for, on a tmpfs of a sandbox.
 */
#ifndef TEST_CONTAINER_H
#define TEST_CONTAINER_H

#include "container/build.h"
#include "lib/places.h"
#include "test_namespace.h"
#include "tests/unit/test_sandbox.h"

#include <poll.h>
#include <sys/sysmacros.h>

#define CONTAINER_NAMESPACES (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS)

static inline struct step
container_step(enum step_kind kind, const char *target)
{
	return (struct step) { .phase = kind == STEP_NAMESPACES ? PHASE_CLONE : PHASE_INSIDE,
		.kind = kind, .target = (char *)(uintptr_t)target, .mode = 0755, .size = 65536,
		.flags = kind == STEP_NAMESPACES ? CONTAINER_NAMESPACES : 0, .because = "" };
}

/* PROGRAM of this machine as the installed init. */
static inline void
container_install(const char *program)
{
	char block[65536];
	ssize_t n;
	autofd int from = open(program, O_RDONLY | O_CLOEXEC);
	autofd int to = open(PLACE_INIT, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	cr_assert(from >= 0 && to >= 0, "%s: %m", program);
	while ((n = read(from, block, sizeof(block))) > 0)
		cr_assert_eq(write(to, block, (size_t)n), n, "%m");
	cr_assert_eq(n, 0, "%m");
}

static inline void
container_host(void)
{
	char program[PATH_MAX];

	sandbox_enter();
	namespace_program(program, sizeof(program), "init");
	sandbox_tmpfs("/usr/libexec");
	cr_assert_eq(mkdir("/usr/libexec/pam_ctr", 0755), 0, "%m (is PREFIX not /usr?)");
	container_install(program);
}

/* The next news; the first process has a few seconds for each. */
static inline enum build_news
container_news(struct build *build, struct error *err)
{
	struct pollfd news = { .fd = build->status, .events = POLLIN };

	*err = (struct error)ERROR_INIT;
	cr_assert_eq(poll(&news, 1, 10000), 1, "it says nothing");
	return build_news(build, err);
}

static inline void
container_start(struct build *build, struct step *steps, size_t count)
{
	struct plan plan = { .step = steps, .count = count };
	struct cgroups cgroups = CGROUPS_INIT;
	struct error err = ERROR_INIT;

	cr_assert_eq(build_start(build, &plan, &cgroups, NULL, &err), 0, "%s", err.text);
}

static inline void
container_stop(struct build *build)
{
	cr_expect_eq(sys_pidfd_send_signal(build->pidfd, SIGKILL), 0, "%m");
	cr_expect_eq(waitpid(build->pid, NULL, 0), build->pid, "%m");
	build_free(build);
}

#endif
