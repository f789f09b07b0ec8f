/*
 * The policy's files while somebody writes them.  A program of its own: Criterion loses a worker's 48 bytes where
 * this and others run side by side.
 */
#include "test_policy_fixture.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void
write_file(const char *path, const char *content)
{
	FILE *out = fopen(path, "we");

	cr_assert(out != NULL && fputs(content, out) >= 0 && fclose(out) == 0, "%s", path);
}

/* An administrator at work: one file written anew by rename(2), one named back and forth. */
static _Noreturn void
edit_without_end(const char *directory)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Criterion's own would keep the test's end from it. */
	(void)close_range(3, ~0U, 0);
	if (chdir(directory) < 0)
		_exit(1);
	for (;;) {
		write_file("10-limit.new", "[default]\npids.max = 7\n");
		if (rename("10-limit.new", "10-limit.conf") < 0 || rename("30-a.conf", "40-b.conf") < 0 ||
		    rename("40-b.conf", "30-a.conf") < 0)
			_exit(1);
	}
}

/* A login meanwhile gets the policy as it is before or after, and never without one of the files. */
Test(policy_edit, drop_ins_that_are_being_edited, .timeout = 120)
{
	static const char *const name[] = { "10-limit.conf", "20-c.conf", "30-a.conf", "40-b.conf", "10-limit.new" };
	struct error err = ERROR_INIT;
	struct fixture f;
	char directory[] = "/tmp/test_policy.XXXXXX", policy_file[64], drop_ins[80];
	unsigned changing = 0;

	fixture_init(&f);
	cr_assert(mkdtemp(directory) != NULL);
	(void)snprintf(policy_file, sizeof(policy_file), "%s/p.conf", directory);
	(void)snprintf(drop_ins, sizeof(drop_ins), "%s.d", policy_file);
	write_file(policy_file, "");
	cr_assert(mkdir(drop_ins, 0755) == 0 && chdir(drop_ins) == 0);
	write_file(name[0], "[default]\npids.max = 7\n");
	write_file(name[1], "");
	write_file(name[2], "[group lab]\nshm_size = 3M\n");
	pid_t editor = fork();
	if (editor == 0)
		edit_without_end(drop_ins);
	for (int i = 0; i < 5000; i++) {
		struct policy policy = POLICY_INIT;
		struct policy_text *text = policy_load(policy_file, false, NULL, &err);

		/* Edited as fast as this it may be refused, with that as the reason. */
		if (!text) {
			cr_assert(strstr(err.text, "is being changed"), "%s", err.text);
			changing++;
			continue;
		}
		cr_assert(policy_resolve(text, &f.subject, &f.machine, &policy, &err) == 0);
		cr_assert_str_eq(policy.limits.value[LIMIT_PIDS_MAX], "7", "round %d", i);
		cr_assert(policy.shm_size == 3 << 20, "round %d", i);
		policy_free(&policy);
		policy_text_free(text);
	}
	cr_expect(changing < 2500, "%u of 5000 refused", changing);
	cr_expect(kill(editor, SIGKILL) == 0 && waitpid(editor, NULL, 0) == editor);
	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		(void)unlink(name[i]);
	cr_expect(unlink(policy_file) == 0 && rmdir(drop_ins) == 0 && rmdir(directory) == 0);
}
