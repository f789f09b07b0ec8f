/*
 * What the tests of policy/ share: a login, a machine, and a policy of a string.
 */
#ifndef TEST_POLICY_FIXTURE_H
#define TEST_POLICY_FIXTURE_H

#include "lib/own.h"
#include "policy/policy.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA "tests/data/policy/"
#define GIB (UINT64_C(1) << 30)

/* A login of alice's over ssh, member of alice, students and lab. */
struct fixture {
	struct subject_group group[3];
	struct subject subject;
	struct machine machine;
};

static inline void
fixture_init(struct fixture *f)
{
	*f = (struct fixture){
		.group = { { 1000, "alice" }, { 2000, "students" }, { 2001, "lab" } },
		.subject = { .uid = 1000, .gid = 1000, .user = "alice", .home = "/home/alice",
		    .service = "sshd", .groups_count = 3 },
		.machine = { .memory = 8 * GIB, .pid_max = 32768, .cpus = 4, .hostname = "lab1" },
	};
	f->subject.groups = f->group;
}

/* A policy that must be right. */
static inline struct policy_text *
fixture_parse(const char *conf)
{
	struct error err = ERROR_INIT;
	struct policy_text *text = policy_parse("t", conf, strlen(conf), NULL, &err);

	cr_assert(text != NULL, "%s\n%s", err.text, conf);
	return text;
}

/* The explanation, malloc'ed. */
static inline char *
fixture_explain(const struct policy_text *text, const struct policy *policy)
{
	char *printed = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&printed, &length);

	cr_assert(out != NULL);
	policy_explain(text, policy, out);
	cr_assert(fclose(out) == 0);
	return printed;
}

/* The explanation of a policy that must be right, malloc'ed. */
static inline char *
fixture_explain_conf(const struct fixture *f, const char *conf)
{
	struct error err = ERROR_INIT;
	struct policy policy = POLICY_INIT;
	struct policy_text *text = fixture_parse(conf);
	char *printed;

	cr_assert(policy_resolve(text, &f->subject, &f->machine, &policy, &err) == 0, "%s\n%s",
	    err.text, conf);
	printed = fixture_explain(text, &policy);
	policy_free(&policy);
	policy_text_free(text);
	return printed;
}

/* Cuts comments, the spaces before them, and empty lines: what is left is keys and values. */
static inline void
fixture_strip(char *text)
{
	char *from = text, *to = text;

	while (*from != '\0') {
		char *line = to;
		size_t length = strcspn(from, "\n");
		size_t kept = 0;

		while (kept < length &&
		    !(from[kept] == '#' && (kept == 0 || from[kept - 1] == ' ')))
			kept++;
		while (kept > 0 && from[kept - 1] == ' ')
			kept--;
		memmove(to, from, kept);
		to += kept;
		if (to > line)
			*to++ = '\n';
		from += length + (from[length] == '\n');
	}
	*to = '\0';
}

/* A whole file of the repository, malloc'ed; length may be NULL. */
static inline char *
fixture_read(const char *path, size_t *length)
{
	FILE *in = fopen(path, "re");
	char *content = calloc(1, (1 << 20) + 1);
	size_t got;

	cr_assert(in != NULL && content != NULL, "%s (tests run in the repository's root)", path);
	got = fread(content, 1, 1 << 20, in);
	cr_assert(fclose(in) == 0);
	if (length != NULL)
		*length = got;
	return content;
}

/* True if text has this line, or one that goes on with spaces. */
static inline bool
fixture_has_line(const char *text, const char *line)
{
	size_t length = strlen(line);
	const char *at;

	for (at = text; (at = strstr(at, line)) != NULL; at++) {
		if ((at == text || at[-1] == '\n') && strchr(" \n", at[length]) != NULL)
			return true;
	}
	return false;
}

#endif
