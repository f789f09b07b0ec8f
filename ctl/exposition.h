/*
 * Numbers as monitoring reads them: OpenMetrics 1.0 text, or the older text format of
 * Prometheus (0.0.4), which is all that node_exporter's textfile collector understands.
 *
 *	exposition_begin, for each family its head and then all of its samples, exposition_end
 */
#ifndef CTL_EXPOSITION_H
#define CTL_EXPOSITION_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum exposition_format { EXPOSITION_OPENMETRICS, EXPOSITION_PROMETHEUS };

enum exposition_type {
	EXPOSITION_GAUGE,
	EXPOSITION_COUNTER,  /* its samples are called NAME_total */
	EXPOSITION_INFO,     /* NAME_info, always 1 */
	EXPOSITION_HISTOGRAM
};

/* How a number becomes a value: as it is, from microseconds to seconds, from thousandths. */
enum exposition_scale { EXPOSITION_ONE, EXPOSITION_USEC, EXPOSITION_PERMILLE };

struct exposition_family {
	const char *name; /* without a type's suffix; ends with the unit */
	const char *unit; /* "" if it has none */
	const char *help;
	enum exposition_type type;
	enum exposition_scale scale;
};

struct exposition_label {
	const char *name;
	const char *value; /* any bytes: escaped here, and what is no UTF-8 becomes U+FFFD */
};

/* Begins as { .out = FILE, .format = FORMAT }. */
struct exposition {
	FILE *out;
	enum exposition_format format;
	const struct exposition_family *family;
};

void exposition_family(struct exposition *exposition, const struct exposition_family *family);

/* USAGE_UNKNOWN is left out, USAGE_UNLIMITED is +Inf. */
void exposition_sample(const struct exposition *exposition, const struct exposition_label *label,
    size_t labels, uint64_t number);

/*
 * A histogram's: count[i] are what was at most bound[i] microseconds, and more than the bound
 * before it; the last bound is +Inf.  usec is the sum.
 */
void exposition_histogram(const struct exposition *exposition,
    const struct exposition_label *label, size_t labels, const uint64_t *bound,
    const uint64_t *count, size_t buckets, uint64_t usec);

void exposition_end(const struct exposition *exposition);

#endif
