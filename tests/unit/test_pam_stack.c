/*
 * ctl/pam_stack.c, ctl/pam_verdict.c: texts as they are on hosts -> whether a login can get past
 * pam_ctr.so.  The first are Debian 12's own, word for word.  Pure.
 */
#include "ctl/pam_verdict.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define CTR "session required pam_ctr.so\n"
#define COMMON_SESSION \
	"# here are the per-package modules (the \"Primary\" block)\n" \
	"session\t[default=1]\t\t\tpam_permit.so\n" \
	"# here's the fallback if no module succeeds\n" \
	"session\trequisite\t\t\tpam_deny.so\n" \
	"session\trequired\t\t\tpam_permit.so\n" \
	"# and here are more per-package modules (the \"Additional\" block)\n" \
	"session\trequired\tpam_unix.so \n" \
	"session\toptional\tpam_systemd.so \n"
#define SSHD \
	"@include common-auth\n" \
	"account    required     pam_nologin.so\n" \
	"@include common-account\n" \
	"session [success=ok ignore=ignore module_unknown=ignore default=bad]        pam_selinux.so close\n" \
	"session    required     pam_loginuid.so\n" \
	"session    optional     pam_keyinit.so force revoke\n" \
	"@include common-session\n" \
	"session    optional     pam_motd.so  motd=/run/motd.dynamic\n" \
	"session    optional     pam_mail.so standard noenv # [1]\n" \
	"session    required     pam_limits.so\n" \
	"session    required     pam_env.so # [1]\n" \
	"session    required     pam_env.so user_readenv=1 envfile=/etc/default/locale\n" \
	"session [success=ok ignore=ignore module_unknown=ignore default=bad]        pam_selinux.so open\n" \
	"@include common-password\n"
#define CRON \
	"@include common-auth\nsession    required     pam_loginuid.so\n" \
	"session       required   pam_env.so\n@include common-account\n" \
	"@include common-session-noninteractive \nsession    required   pam_limits.so\n"

struct named {
	const char *name, *text;
};

static const char *
file_of(const char *name, void *context)
{
	static const struct named common[] = {
		{ "common-auth", "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\n" },
		{ "common-account", "account required pam_permit.so\n" },
		{ "common-password", "password required pam_permit.so\n" },
		{ "common-session", COMMON_SESSION }, { "common-session-noninteractive", COMMON_SESSION },
		{ "common-ctr", COMMON_SESSION CTR },
		{ "ctr", CTR }, { "loop", "session include loop\n" }, { "done", "session sufficient pam_x.so\n" },
		{ "postlogin", "session [success=1 default=ignore] pam_succeed_if.so service !~ gdm* quiet\n"
		    "session optional pam_lastlog.so silent\nsession optional pam_umask.so\n" },
	};
	const struct named *own = context;

	if (!strcmp(name, own->name))
		return own->text;
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (!strcmp(name, common[i].name))
			return common[i].text;
	return NULL;
}

enum verdict { ASKED, MISSING, SKIPPED, IGNORED, DASHED, BROKEN };

static enum verdict
judge(const char *text, struct pam_stack *stack)
{
	struct named own = { "service", text };
	struct pam_verdict verdict;

	pam_stack_read("service", file_of, &own, stack);
	if (stack->broken[0])
		return BROKEN;
	pam_verdict_of(stack, &verdict);
	if (!verdict.has_module)
		return MISSING;
	if (verdict.may_be_skipped)
		return SKIPPED;
	if (verdict.may_be_ignored)
		return IGNORED;
	return verdict.may_be_missing ? DASHED : ASKED;
}

Test(pam_stack, verdicts)
{
	static const struct {
		const char *text;
		enum verdict verdict;
	} rows[] = {
		/* Debian's, as they come and as they are to be. */
		{ SSHD, MISSING }, { SSHD CTR, ASKED }, { CRON, MISSING }, { CRON CTR, ASKED },
		{ "@include common-ctr\nsession required pam_limits.so\n", ASKED },
		/* Red Hat's login: substacks, jumps over one line. */
		{ "session required pam_selinux.so close\nsession optional pam_keyinit.so force revoke\n"
		    "session include common-session\nsession include postlogin\n" CTR, ASKED },
		{ "session [success=1 default=ignore] pam_succeed_if.so service in crond quiet use_uid\n"
		    "session required pam_unix.so\n" CTR, ASKED },
		/* Words that lead past it. */
		{ "session sufficient pam_x.so\n" CTR, SKIPPED },
		{ "session [success=1 default=ignore] pam_x.so\n" CTR "session required pam_unix.so\n", SKIPPED },
		{ "session [success=2 default=ignore] pam_x.so\n" CTR "session required pam_unix.so\n"
		    "session required pam_permit.so\n", SKIPPED },
		{ "session [success=done default=ignore] pam_x.so\n" CTR, SKIPPED },
		{ "session include done\n" CTR, SKIPPED },
		{ "@include done\n" CTR, SKIPPED },
		{ "session [default=1] pam_permit.so\n" CTR "session required pam_permit.so\n", SKIPPED },
		/* They lead past others, or nowhere. */
		{ "session substack done\n" CTR, ASKED }, /* what ends a substack ends no more */
		{ CTR "session sufficient pam_x.so\n", ASKED },
		{ "session sufficient pam_deny.so\n" CTR, ASKED },
		{ "session [success=1 default=ignore] pam_x.so\n" CTR, ASKED }, /* nothing was good at the end */
		{ "session [default=die] pam_x.so\n" CTR, ASKED },
		{ "session [success=9 default=ignore] pam_x.so\n" CTR, ASKED }, /* libpam fails it */
		{ "session [success=1 default=ignore] pam_x.so\nsession substack common-session\n" CTR, ASKED },
		{ "session substack ctr\n", ASKED },
		/* Controls that let in whom it refuses. */
		{ "session optional pam_ctr.so\nsession required pam_unix.so\n", IGNORED },
		{ "session sufficient pam_ctr.so\nsession required pam_unix.so\n", IGNORED },
		{ "session requisite pam_ctr.so\n", ASKED },
		{ "session [success=ok default=bad] pam_ctr.so\n", ASKED },
		{ "session [success=ok default=ignore] pam_ctr.so\nsession required pam_unix.so\n", IGNORED },
		{ "session [success=ok session_err=bad default=ignore] pam_ctr.so\nsession required pam_unix.so\n",
		    IGNORED },
		{ "session requird pam_ctr.so\n", ASKED }, /* a word unknown: always refused */
		{ CTR "session [default=reset] pam_x.so\nsession required pam_unix.so\n", IGNORED },
		{ "-session required pam_ctr.so\n", DASHED },
		/* How lines are written. */
		{ "SESSION Required /usr/lib/security/pam_ctr.so debug\n", ASKED },
		{ "session \\\n required \\\n pam_ctr.so\n", ASKED },
		{ "session required pam_unix.so # session required pam_ctr.so\n", MISSING },
		{ "#session required pam_ctr.so\nsession required pam_unix.so\n", MISSING },
		{ "account required pam_ctr.so\nsession required pam_unix.so\n", MISSING },
		{ "session required pam_ctr.so", ASKED },
		{ "session include loop\n", BROKEN }, { "session include nowhere\n", BROKEN },
		{ "sesion required pam_ctr.so\n", BROKEN }, { "session required\n", BROKEN },
	};
	struct pam_stack *stack = calloc(1, sizeof(*stack));

	cr_assert(stack);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum verdict got = judge(rows[i].text, stack);
		cr_expect_eq(got, rows[i].verdict, "row %zu: %d, not %d (%s):\n%s", i, (int)got,
		    (int)rows[i].verdict, stack->broken, rows[i].text);
	}
	free(stack);
}

Test(pam_stack, other_is_for_services_without_session_lines)
{
	struct named other = { "other", CTR };
	struct pam_stack *stack = calloc(1, sizeof(*stack));
	struct pam_verdict verdict;

	cr_assert(stack);
	pam_stack_read("unknown", file_of, &other, stack);
	cr_expect(stack->is_other && !stack->has_file && stack->count == 1);
	pam_stack_read("common-auth", file_of, &other, stack);
	cr_expect(stack->is_other && stack->has_file && stack->count == 1);
	pam_verdict_of(stack, &verdict);
	cr_expect(verdict.has_module);
	pam_stack_read("ctr", file_of, &other, stack);
	cr_expect_not(stack->is_other);
	free(stack);
}

Test(pam_stack, places_are_told)
{
	struct named own = { "service", "# one\n\nsession \\\n required pam_unix.so\n@include common-ctr\n" };
	struct pam_stack *stack = calloc(1, sizeof(*stack));
	struct pam_verdict verdict;

	cr_assert(stack);
	pam_stack_read("service", file_of, &own, stack);
	pam_verdict_of(stack, &verdict);
	cr_expect_eq(stack->entry[0].line, 3);
	cr_expect_str_eq(stack->entry[0].file, "service");
	cr_expect_str_eq(stack->entry[verdict.at].file, "common-ctr");
	cr_expect_eq(stack->entry[verdict.at].line, 9);
	free(stack);
}

Test(pam_stack, who_leads_past_it_is_told)
{
	struct named own = { "service", "session required pam_unix.so\nsession include done\n" CTR };
	struct pam_stack *stack = calloc(1, sizeof(*stack));
	struct pam_verdict verdict;

	cr_assert(stack);
	pam_stack_read("service", file_of, &own, stack);
	pam_verdict_of(stack, &verdict);
	cr_assert(verdict.may_be_skipped && verdict.skipped_by < stack->count);
	cr_expect_str_eq(stack->entry[verdict.skipped_by].module, "pam_x.so");
	free(stack);
}

/* Random bytes, and lines of the words that count: neither a crash nor a walk without end. */
Test(pam_stack, survives_anything, .timeout = 60)
{
	static const char *const words[] = { "session", "-session", "include", "substack", "required", "sufficient",
		"[default=1]", "[success=200 default=reset]", "[", "]", "pam_ctr.so", "done", "loop", "service", "\\\n",
		"\n", "\n", "#", "@include", "common-session", "=", "[a=b", "\xff", "\t" };
	struct pam_stack *stack = calloc(1, sizeof(*stack));

	cr_assert(stack);
	srand(7);
	for (int round = 0; round < 3000; round++) {
		char text[4096] = "";
		for (int i = rand() % 60; i > 0; i--)
			(void)strcat(strcat(text, words[(size_t)rand() % (sizeof(words) / sizeof(words[0]))]), " ");
		(void)judge(text, stack);
	}
	free(stack);
}

/* libpam gives up a file that has one, so nobody comes in by it; and no buffer is larger than it is. */
Test(pam_stack, lines_that_are_too_long)
{
	static const char joint[] = "\\\n", end[] = "session required pam_ctr.so\n";
	const size_t counts[] = { 100, 996, 997, 1022, 1023, 1024, 1025, 2048, 20000 };
	struct pam_stack *stack = calloc(1, sizeof(*stack));

	cr_assert(stack);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		char *text = calloc(counts[i] + 1, sizeof(joint)), *at = text;
		cr_assert(text);
		for (size_t k = 0; k < counts[i]; k++)
			at = stpcpy(at, joint);
		(void)stpcpy(at, end);
		cr_expect_eq(judge(text, stack), counts[i] <= 996 ? ASKED : BROKEN, "%zu joints: %s", counts[i],
		    stack->broken);
		free(text);
	}
	free(stack);
}

Test(pam_verdict, modules_behind_it)
{
	bool is_serious;

	cr_expect_null(pam_verdict_after("pam_unix.so", &is_serious));
	cr_expect(pam_verdict_after("pam_systemd.so", &is_serious) && is_serious);
	cr_expect(pam_verdict_after("pam_limits.so", &is_serious) && !is_serious);
	cr_expect(pam_verdict_after("pam_of_somebody.so", &is_serious) && !is_serious);
}
