/*
 * A list of what was found, and its two shapes.  Pure.
 */
#include "ctl/finding.h"

#include "ctl/json.h"
#include "lib/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const level_name[FINDING_LEVELS] = {
	[FINDING_OK] = "ok", [FINDING_NOTE] = "note", [FINDING_WARN] = "warn", [FINDING_FAIL] = "FAIL",
};

static const char *const json_level[FINDING_LEVELS] = {
	[FINDING_OK] = "ok", [FINDING_NOTE] = "note", [FINDING_WARN] = "warn", [FINDING_FAIL] = "fail",
};

void
finding_add(struct findings *findings, enum finding_level level, const char *area, const char *what,
    const char *format, ...)
{
	struct finding *more = reallocarray(findings->item, findings->count + 1, sizeof(*more));
	va_list list;

	if (!more) {
		findings->out_of_memory = true;
		return;
	}
	findings->item = more;
	more += findings->count++;
	*more = (struct finding) { .level = level, .area = area };
	(void)text_format(more->what, sizeof(more->what), "%.120s", what);
	va_start(list, format);
	(void)vsnprintf(more->text, sizeof(more->text), format, list);
	va_end(list);
}

void
finding_advise(struct findings *findings, const char *format, ...)
{
	struct finding *last = findings->item + findings->count - 1;
	va_list list;

	if (findings->count == 0 || findings->out_of_memory)
		return;
	va_start(list, format);
	(void)vsnprintf(last->advice, sizeof(last->advice), format, list);
	va_end(list);
}

size_t
finding_count(const struct findings *findings, enum finding_level level)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->item[i].level == level;
	return count;
}

/* What is quoted of files and names must not speak to the terminal. */
static void
put_line(FILE *out, const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			(void)fprintf(out, "\\x%02x", (unsigned char)*text);
		else
			(void)fputc(*text, out);
	(void)fputc('\n', out);
}

void
finding_print(const struct findings *findings, FILE *out)
{
	const char *area = "";
	char line[sizeof(findings->item->what) + sizeof(findings->item->text) + 4];

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->item[i];

		if (strcmp(area, finding->area) != 0)
			(void)fprintf(out, "%s%s\n", i ? "\n" : "", finding->area);
		area = finding->area;
		(void)text_format(line, sizeof(line), "%s: %s", finding->what, finding->text);
		(void)fprintf(out, "  %-4s  ", level_name[finding->level]);
		put_line(out, line);
		if (finding->advice[0]) {
			(void)fputs("        -> ", out);
			put_line(out, finding->advice);
		}
	}
	(void)fprintf(out, "\n%zu ok, %zu note, %zu warn, %zu fail\n", finding_count(findings, FINDING_OK),
	    finding_count(findings, FINDING_NOTE), finding_count(findings, FINDING_WARN),
	    finding_count(findings, FINDING_FAIL));
}

void
finding_json(const struct findings *findings, FILE *out)
{
	struct json json = { .out = out };

	json_list(&json, NULL);
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->item[i];

		json_object(&json, NULL);
		json_text(&json, "level", json_level[finding->level]);
		json_text(&json, "area", finding->area);
		json_text(&json, "what", finding->what);
		json_text(&json, "text", finding->text);
		json_text(&json, "advice", finding->advice);
		json_object_end(&json);
	}
	json_list_end(&json);
}

void
findings_free(struct findings *findings)
{
	free(findings->item);
	*findings = (struct findings)FINDINGS_INIT;
}
