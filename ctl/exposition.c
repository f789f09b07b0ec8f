/*
 * The two text formats, by one writer: they differ in names of types and families, in what is
 * escaped, and in the end.  Pure.
 */
#include "ctl/exposition.h"

#include "ctl/utf8.h"
#include "lib/usage.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define LABELS_MAX 8

/* By type: what each format calls it, and what its samples have behind the family's name. */
static const struct {
	const char *name[2];
	const char *suffix;
} types[] = {
	[EXPOSITION_GAUGE] = { { "gauge", "gauge" }, "" },
	[EXPOSITION_COUNTER] = { { "counter", "counter" }, "_total" },
	[EXPOSITION_INFO] = { { "info", "gauge" }, "_info" },
	[EXPOSITION_HISTOGRAM] = { { "histogram", "histogram" }, "" },
};

/* quotes: whether '"' is escaped, too. */
static void
put_escaped(FILE *out, const char *text, bool quotes)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		size_t length = utf8_length(at);

		if (*at == '\n')
			(void)fputs("\\n", out);
		else if (*at == '\\' || (*at == '"' && quotes))
			(void)fprintf(out, "\\%c", *at);
		else if (length == 0 || *at < ' ' || *at == 127)
			(void)fputs("\xef\xbf\xbd", out); /* U+FFFD */
		else
			(void)fwrite(at, 1, length, out);
		at += length ? length : 1;
	}
}

void
exposition_family(struct exposition *exposition, const struct exposition_family *family)
{
	bool is_open = exposition->format == EXPOSITION_OPENMETRICS;
	/* In the older format a family has its samples' name. */
	const char *suffix = is_open ? "" : types[family->type].suffix;
	FILE *out = exposition->out;

	exposition->family = family;
	(void)fprintf(out, "# HELP %s%s ", family->name, suffix);
	put_escaped(out, family->help, is_open);
	(void)fprintf(out, "\n# TYPE %s%s %s\n", family->name, suffix,
	    types[family->type].name[exposition->format]);
	if (is_open && family->unit[0])
		(void)fprintf(out, "# UNIT %s %s\n", family->name, family->unit);
}

static void
put_name(const struct exposition *exposition, const char *suffix,
    const struct exposition_label *label, size_t labels)
{
	FILE *out = exposition->out;

	(void)fprintf(out, "%s%s", exposition->family->name, suffix);
	for (size_t i = 0; i < labels; i++) {
		(void)fprintf(out, "%c%s=\"", i ? ',' : '{', label[i].name);
		put_escaped(out, label[i].value, true);
		(void)fputc('"', out);
	}
	(void)fputs(labels ? "} " : " ", out);
}

static void
put_value(FILE *out, uint64_t number, enum exposition_scale scale)
{
	if (number == USAGE_UNLIMITED) {
		(void)fputs("+Inf\n", out);
		return;
	}
	switch (scale) {
	case EXPOSITION_ONE:
		(void)fprintf(out, "%" PRIu64 "\n", number);
		break;
	case EXPOSITION_USEC:
		(void)fprintf(out, "%" PRIu64 ".%06" PRIu64 "\n", number / 1000000, number % 1000000);
		break;
	case EXPOSITION_PERMILLE:
		(void)fprintf(out, "%" PRIu64 ".%03" PRIu64 "\n", number / 1000, number % 1000);
		break;
	}
}

void
exposition_sample(const struct exposition *exposition, const struct exposition_label *label,
    size_t labels, uint64_t number)
{
	if (number == USAGE_UNKNOWN)
		return;
	put_name(exposition, types[exposition->family->type].suffix, label, labels);
	put_value(exposition->out, number, exposition->family->scale);
}

/* "0.0025", "1.0": the shortest, and never without a point, as OpenMetrics has it. */
static const char *
bound_text(uint64_t usec, char *buffer, size_t size)
{
	int length = snprintf(buffer, size, "%" PRIu64 ".%06" PRIu64, usec / 1000000, usec % 1000000);

	if (usec == UINT64_MAX)
		return "+Inf";
	while (length > 0 && buffer[length - 1] == '0' && buffer[length - 2] != '.')
		buffer[--length] = '\0';
	return buffer;
}

void
exposition_histogram(const struct exposition *exposition, const struct exposition_label *label,
    size_t labels, const uint64_t *bound, const uint64_t *count, size_t buckets, uint64_t usec)
{
	struct exposition_label all[LABELS_MAX];
	uint64_t sum = 0;
	char text[32];

	memcpy(all, label, labels * sizeof(*label));
	for (size_t i = 0; i < buckets; i++) {
		sum += count[i];
		all[labels] = (struct exposition_label) { "le", bound_text(bound[i], text, sizeof(text)) };
		put_name(exposition, "_bucket", all, labels + 1);
		put_value(exposition->out, sum, EXPOSITION_ONE);
	}
	put_name(exposition, "_sum", label, labels);
	put_value(exposition->out, usec, EXPOSITION_USEC);
	put_name(exposition, "_count", label, labels);
	put_value(exposition->out, sum, EXPOSITION_ONE);
}

void
exposition_end(const struct exposition *exposition)
{
	if (exposition->format == EXPOSITION_OPENMETRICS)
		(void)fputs("# EOF\n", exposition->out);
}
