/*
 * What ctrctl doctor finds: one line each, in order, with what to do about it.
 */
#ifndef CTL_FINDING_H
#define CTL_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum finding_level {
	FINDING_OK,
	FINDING_NOTE, /* to know; nothing is to be done */
	FINDING_WARN, /* weaker than it could be, or wants a look */
	FINDING_FAIL, /* logins are refused, or get past pam_ctr */
	FINDING_LEVELS
};

struct finding {
	enum finding_level level;
	const char *area;   /* "kernel", "pam", ...; static */
	char what[128];     /* what was looked at */
	char text[512];
	char advice[512];   /* "" if there is nothing to do */
};

struct findings {
	struct finding *item; /* owned */
	size_t count;
	bool out_of_memory;
};

#define FINDINGS_INIT { .item = NULL, .count = 0 }

/* The text of what was found; finding_advise() adds to the last one what to do about it. */
void finding_add(struct findings *findings, enum finding_level level, const char *area,
    const char *what, const char *format, ...) __attribute__((format(printf, 5, 6)));
void finding_advise(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

size_t finding_count(const struct findings *findings, enum finding_level level);

/* What it quotes of files and names is escaped. */
void finding_print(const struct findings *findings, FILE *out);
void finding_json(const struct findings *findings, FILE *out);

void findings_free(struct findings *findings);

#endif
