/*
 * ctl/exposition.c, ctl/metrics_print.c: the two text formats, and what goes into them.  Pure.
 */
#include "ctl/metrics.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *
text_of(const struct metrics *metrics, enum exposition_format format)
{
	char *out = NULL;
	size_t size;
	FILE *file = open_memstream(&out, &size);

	cr_assert(file);
	metrics_print(metrics, format, file);
	cr_assert_eq(fclose(file), 0);
	return out;
}

static void
expect_lines(const char *text, const char *const *line, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cr_expect(strstr(text, line[i]), "%s in:\n%s", line[i], text);
}

#define EXPECT_LINES(text, lines) expect_lines(text, lines, sizeof(lines) / sizeof((lines)[0]))

/* One user, whose live container is the second, and a share of numbers that no file tells. */
static struct metrics_user *
new_user(struct metrics *metrics)
{
	struct metrics_user *user = calloc(1, sizeof(*user));

	cr_assert(user);
	*metrics = (struct metrics) { .user = user, .users = 1 };
	*user = (struct metrics_user) { .uid = 2001, .user = "alice", .has_view = true,
		.has_stats = true };
	memset(&user->view.usage, 0xff, sizeof(user->view.usage));
	user->view.record.init = (struct process_id) { 7, 200 };
	memset(user->stats.ended, 0xff, sizeof(user->stats.ended));
	user->stats.ended[0].init = (struct process_id) { 6, 100 };
	return user;
}

Test(exposition, names_and_help_of_both_formats)
{
	static const struct exposition_family family = { "x_seconds", "seconds", "a \"b\"\\\n", EXPOSITION_COUNTER,
		EXPOSITION_USEC };
	static const char *const wanted[] = {
		[EXPOSITION_OPENMETRICS] = "# HELP x_seconds a \\\"b\\\"\\\\\\n\n# TYPE x_seconds counter\n"
		    "# UNIT x_seconds seconds\nx_seconds_total{l=\"v\"} 1.000002\n# EOF\n",
		[EXPOSITION_PROMETHEUS] = "# HELP x_seconds_total a \"b\"\\\\\\n\n"
		    "# TYPE x_seconds_total counter\nx_seconds_total{l=\"v\"} 1.000002\n",
	};
	const struct exposition_label label = { "l", "v" };

	for (int format = 0; format < 2; format++) {
		char *out = NULL;
		size_t size;
		struct exposition exposition = { .out = open_memstream(&out, &size),
			.format = (enum exposition_format)format };

		cr_assert(exposition.out);
		exposition_family(&exposition, &family);
		exposition_sample(&exposition, &label, 1, 1000002);
		exposition_sample(&exposition, &label, 1, USAGE_UNKNOWN);
		exposition_end(&exposition);
		cr_assert_eq(fclose(exposition.out), 0);
		cr_expect_str_eq(out, wanted[format]);
		free(out);
	}
}

Test(exposition, values)
{
	static const struct {
		enum exposition_scale scale;
		uint64_t number;
		const char text[32];
	} rows[] = {
		{ EXPOSITION_ONE, 0, "x 0\n" }, { EXPOSITION_ONE, UINT64_MAX - 2, "x 18446744073709551613\n" },
		{ EXPOSITION_ONE, USAGE_UNLIMITED, "x +Inf\n" }, { EXPOSITION_USEC, 5, "x 0.000005\n" },
		{ EXPOSITION_PERMILLE, 1500, "x 1.500\n" }, { EXPOSITION_PERMILLE, USAGE_UNLIMITED, "x +Inf\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[256] = "";
		struct exposition_family family = { "x", "", "", EXPOSITION_GAUGE, rows[i].scale };
		struct exposition exposition = { .out = fmemopen(out, sizeof(out), "w") };

		cr_assert(exposition.out);
		exposition_family(&exposition, &family);
		exposition_sample(&exposition, NULL, 0, rows[i].number);
		cr_assert_eq(fclose(exposition.out), 0);
		cr_expect(strstr(out, rows[i].text), "%s, not %s", out, rows[i].text);
	}
}

Test(metrics, hostile_names_stay_in_their_label)
{
	struct metrics metrics;
	struct metrics_user *user = new_user(&metrics);

	(void)strcpy(user->user, "a\"} 1\nx\\\xff\x1b\xc3\xa4");
	user->view.record.sessions = 3;
	for (int format = 0; format < 2; format++) {
		char *got = text_of(&metrics, (enum exposition_format)format);
		cr_expect(strstr(got, "pam_ctr_user_sessions{user=\"a\\\"} 1\\nx\\\\\xef\xbf\xbd\xef\xbf\xbd\xc3\xa4\","
		    "uid=\"2001\"} 3\n"), "%s", got);
		free(got);
	}
	free(user);
}

Test(metrics, a_sum_has_each_container_once)
{
	static const char *const live[] = { "pam_ctr_user_cpu_seconds_total{user=\"alice\",uid=\"2001\"} 5.000000\n",
		"pam_ctr_user_oom_kills_total{user=\"alice\",uid=\"2001\"} 2\n",
		"pam_ctr_user_io_read_bytes_total{user=\"alice\",uid=\"2001\"} 9\n" };
	static const char *const ended[] = { "pam_ctr_user_cpu_seconds_total{user=\"alice\",uid=\"2001\"} 3.000000\n" };
	struct metrics metrics;
	struct metrics_user *user = new_user(&metrics);

	user->stats.ended[0].cpu_usec = 3000000;
	user->stats.ended[0].io_read = 9;  /* the live one has no such file */
	user->view.usage.cpu_usec = 2000000;
	user->view.usage.oom_kills = 2;    /* no container had such a file before */
	char *got = text_of(&metrics, EXPOSITION_OPENMETRICS);
	EXPECT_LINES(got, live);
	cr_expect(!strstr(got, "pam_ctr_user_io_written_bytes_total{"), "made up: %s", got);
	cr_expect(!strstr(got, "pam_ctr_user_pressure_stalled_seconds_total{"), "made up: %s", got);
	free(got);
	/* It has ended between the two looks. */
	user->stats.ended[0].init = user->view.record.init;
	got = text_of(&metrics, EXPOSITION_OPENMETRICS);
	EXPECT_LINES(got, ended);
	free(got);
	/* Where its record can't be read, its numbers are not told. */
	user->stats.ended[0].init.start = 100;
	user->view.state = VIEW_BROKEN;
	got = text_of(&metrics, EXPOSITION_OPENMETRICS);
	EXPECT_LINES(got, ended);
	cr_expect(!strstr(got, "pam_ctr_user_sessions{"), "%s", got);
	free(got);
	free(user);
}

Test(metrics, pressure_has_its_words)
{
	static const char *const wanted[] = {
		"{user=\"alice\",uid=\"2001\",resource=\"cpu\",stalled=\"some\"} 0.000001\n",
		"{user=\"alice\",uid=\"2001\",resource=\"memory\",stalled=\"full\"} 0.000004\n",
		"{user=\"alice\",uid=\"2001\",resource=\"io\",stalled=\"full\"} 0.000006\n",
	};
	struct metrics metrics;
	struct metrics_user *user = new_user(&metrics);

	for (size_t i = 0; i < 2 * USAGE_PRESSURES; i++)
		user->view.usage.pressure[i / 2][i % 2] = i + 1;
	char *got = text_of(&metrics, EXPOSITION_OPENMETRICS);
	EXPECT_LINES(got, wanted);
	free(got);
	free(user);
}

Test(metrics, buckets_are_cumulative)
{
	static const char *const wanted[] = {
		"_bucket{stage=\"module\",container=\"joined\",le=\"0.001\"} 1\n",
		"_bucket{stage=\"module\",container=\"joined\",le=\"0.0025\"} 3\n",
		"_bucket{stage=\"module\",container=\"joined\",le=\"1.0\"} 3\n",
		"_bucket{stage=\"module\",container=\"joined\",le=\"10.0\"} 3\n",
		"_bucket{stage=\"module\",container=\"joined\",le=\"+Inf\"} 7\n",
		"_sum{stage=\"module\",container=\"joined\"} 61.000000\n",
		"_count{stage=\"module\",container=\"joined\"} 7\n",
	};
	struct metrics metrics = METRICS_INIT;
	struct stats_latency *latency = &metrics.latency[STATS_MODULE][STATS_JOINED];

	latency->bucket[0] = 1;
	latency->bucket[1] = 2;
	latency->bucket[STATS_BUCKETS - 1] = 4;
	latency->usec = 61000000;
	char *got = text_of(&metrics, EXPOSITION_OPENMETRICS);
	EXPECT_LINES(got, wanted);
	free(got);
}

/* A word for each: a NULL would be a name of the enumeration that was forgotten. */
Test(metrics, every_reason_has_a_word)
{
	struct metrics metrics;
	struct metrics_user *user = new_user(&metrics);
	size_t count = 0;

	for (size_t i = 0; i < STATS_REFUSALS; i++)
		user->stats.refused[i] = 70 + i;
	char *got = text_of(&metrics, EXPOSITION_PROMETHEUS);
	for (const char *at = got; (at = strstr(at, "pam_ctr_user_logins_refused_total{")); at++)
		count++;
	cr_expect_eq(count, (size_t)STATS_REFUSALS);
	cr_expect(!strstr(got, "reason=\"\""), "%s", got);
	cr_expect(strstr(got, "reason=\"join\"} 77\n"), "%s", got);
	free(got);
	free(user);
}
