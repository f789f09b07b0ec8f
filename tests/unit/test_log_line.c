/*
 * ctl/log_line.c: lines of a syslog, ours and those that only look like ours.  Pure.
 */
#include "ctl/log_line.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* 2026-11-26 18:00:00 UTC */
#define NOW 1795716000

static void
in_utc(void)
{
	cr_assert_eq(setenv("TZ", "UTC", 1), 0);
	tzset();
}

TestSuite(log_line, .init = in_utc);

Test(log_line, ours_and_others)
{
	static const struct {
		const char *line;
		long long second;  /* -1: not ours */
		const char *text;
	} rows[] = {
		{ "Nov 26 17:00:01 host pam_ctr[12]: container built: user=a uid=1", 1795712401,
		  "container built: user=a uid=1" },
		{ "Nov  6 17:00:01 host pam_ctr[12]: x: y", 1793984401, "x: y" },
		{ "Dec 26 17:00:01 host pam_ctr[12]: last year", 1766768401, "last year" },
		{ "2026-11-26T18:00:01.123456+01:00 host pam_ctr[12]: x", 1795712401, "x" },
		{ "2026-11-26T17:00:01Z host pam_ctr[12]: x", 1795712401, "x" },
		{ "2026-11-26T12:30:01-0430 host pam_ctr[12]: x", 1795712401, "x" },
		{ "authpriv.info Nov 26 17:00:01 pam_ctr[12]: x", 1795712401, "x" },
		{ "Nov 26 17:00:01 pam_ctr: x", 1795712401, "x" },
		{ "Nov 26 17:00:01 host authpriv.info pam_ctr[1]: x", -1, NULL }, /* no such form */
		{ "Nov 26 17:00:01 host sshd[12]: pam_ctr(sshd:session): login refused: user=a", 1795712401,
		  "login refused: user=a" },
		{ "host pam_ctr[12]: without a time", 0, "without a time" },
		/* Words of a remote side's in other programs' lines. */
		{ "Nov 26 17:00:01 host sshd[12]: Invalid user pam_ctr[1]: x from 1.2.3.4", -1, NULL },
		{ "Nov 26 17:00:01 host sshd[12]: Invalid user  pam_ctr(sshd:session): x", -1, NULL },
		{ "Nov 26 17:00:01 host su[12]: pam_unix(su:session): pam_ctr[1]: x", -1, NULL },
		{ "Nov 26 17:00:01 host pam_ctrl[12]: x", -1, NULL },
		{ "Nov 26 17:00:01 host xpam_ctr[12]: x", -1, NULL },
		{ "Nov 26 17:00:01 host sshd[12]: pam_ctr(sshd:session) x", -1, NULL },
		{ "Nov 26 17:00:01 host pam_ctr[12]:", -1, NULL },
		{ "pam_ctr[12]", -1, NULL },
		{ "Nov 99 17:00:01 host pam_ctr[12]: x", -1, NULL },
		{ "2026-11-26T17:00:01+0x:00 host pam_ctr[12]: x", -1, NULL },
		{ "", -1, NULL }, { " ", -1, NULL }, { ":", -1, NULL }, { "a.b", -1, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct log_line line;
		bool ours = log_line_parse(rows[i].line, NOW, &line);

		cr_expect_eq(ours, rows[i].second >= 0, "%s", rows[i].line);
		if (!ours || rows[i].second < 0)
			continue;
		cr_expect_eq(line.second, rows[i].second, "%s: %lld", rows[i].line, (long long)line.second);
		cr_expect_str_eq(line.text, rows[i].text, "%s: %s", rows[i].line, line.text);
	}
}

Test(log_line, long_lines_are_cut)
{
	char text[3 * LOG_TEXT_MAX] = "Nov 26 17:00:01 host pam_ctr[12]: ";
	struct log_line line;

	memset(text + strlen(text), 'x', sizeof(text) - strlen(text) - 1);
	text[sizeof(text) - 1] = '\0';
	cr_expect(log_line_parse(text, NOW, &line));
	cr_expect_eq(strlen(line.text), LOG_TEXT_MAX - 1);
}

Test(log_line, whose_it_is)
{
	static const struct {
		const char *text;
		bool alices;
	} rows[] = {
		{ "session opened: user=alice uid=2001 session=s1", true },
		{ "session opened: user=bob uid=2002 rhost=x user=alice", false },
		{ "session opened: user=bob uid=2001", false }, /* the name is first */
		{ "container unknown: uid=2001 has processes", true },
		{ "connection refused: pid=5 uid=2002 is not root", false },
		{ "login refused: user=\"alice\" x", true },
		{ "session opened: user=alicex uid=1", false },
		{ "session opened: xuser=alice", false },
		{ "user alice did this", false }, { "", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(log_is_of(rows[i].text, "alice", 2001), rows[i].alices, "%s", rows[i].text);
}

Test(log_line, fields)
{
	const char *cursor = "container ended: user=a seconds=5 reason=\"last session closed\" cpu_ms=7 x= =y z";
	char seen[256] = "", key[16], value[64];

	while (log_field(&cursor, key, sizeof(key), value, sizeof(value)))
		(void)snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "<%s|%s>", key, value);
	cr_expect_str_eq(seen, "<user|a><seconds|5><reason|last session closed><cpu_ms|7><x|>");
}

Test(log_line, events)
{
	static const char *const rows[][2] = {
		{ "container ended: user=a", "container ended" }, { "limit hit: x", "limit hit" },
		{ "user=a: x", "" }, { "no colon", "" }, { "", "" },
		{ "a sentence that goes on for much longer than any name does: x", "" },
	};
	char event[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		log_event(rows[i][0], event, sizeof(event));
		cr_expect_str_eq(event, rows[i][1], "%s", rows[i][0]);
	}
}

Test(log_line, nothing_speaks_to_the_terminal)
{
	char text[64], small[8];

	cr_expect_str_eq(log_escape("a \"b\" \\x1b \x1b[2J\x7f\xc2\x9b\r", text, sizeof(text)),
	    "a \"b\" \\x1b \\x1b[2J\\x7f\\xc2\\x9b\\x0d");
	cr_expect_leq(strlen(log_escape("\x01\x01\x01", small, sizeof(small))), sizeof(small) - 1);
}
