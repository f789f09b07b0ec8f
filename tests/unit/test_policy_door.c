/*
 * The door: its keys, who comes in, how long they stay.
 */
#include "test_policy_fixture.h"

#include "lib/amount.h"
#include "policy/door.h"

static struct door
door_of_conf(const char *conf)
{
	struct error err = ERROR_INIT;
	struct policy policy = POLICY_INIT;
	struct fixture f;
	struct door door;

	fixture_init(&f);
	struct policy_text *text = fixture_parse(conf);
	cr_assert(policy_resolve(text, &f.subject, &f.machine, &policy, &err) == 0, "%s", err.text);
	door_of(&policy, &door);
	policy_free(&policy);
	policy_text_free(text);
	return door;
}

Test(policy_door, as_they_are_explained)
{
	static const struct {
		const char *conf, *explained;
	} row[] = {
		{ "[default]\n", "banner = no" },
		{ "[default]\n", "nologin = none" },
		{ "[default]\n", "max_sessions = none" },
		{ "[default]\n", "session_time = none" },
		{ "[default]\n", "idle_timeout = none" },
		{ "[default]\n", "contact = none" },
		{ "[default]\n", "admission = none" },
		{ "[default]\n", "admission.wait = 10" },
		{ "[default]\nbanner = yes\n", "banner = yes" },
		{ "[default]\nnologin = back at noon, then as always\n", "nologin = back at noon, then as always" },
		{ "[default]\nmax_sessions = 4\n", "max_sessions = 4" },
		{ "[default]\nsession_time = 8h\n", "session_time = 28800" },
		{ "[default]\nidle_timeout = 30m\n", "idle_timeout = 1800" },
		{ "[user alice]\nidle_timeout = none\n[default]\nidle_timeout = 30m\n", "idle_timeout = none" },
		{ "[host]\ncontact = root@lab1\n", "contact = root@lab1" },
		{ "[host]\nadmission = queue\nadmission.wait = 15s\n", "admission.wait = 15" },
		{ "[host]\nadmission.committed = 200%\n", "admission.committed = 17179869184" },
		{ "[host]\nadmission.committed = none\n", "admission.committed = none" },
		{ "[host]\nadmission.available = 1G\n", "admission.available = 1073741824" },
	};
	struct fixture f;

	fixture_init(&f);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char *printed = fixture_explain_conf(&f, row[i].conf);
		cr_expect(fixture_has_line(printed, row[i].explained), "%s: %s", row[i].explained, printed);
		free(printed);
	}
}

Test(policy_door, faults)
{
	static const struct {
		const char *section, *setting, *reason;
	} row[] = {
		{ "default", "banner = perhaps", "is neither" },
		{ "default", "max_sessions = 0", "is not a number from 1" },
		{ "default", "max_sessions = 5000", "is not a number from 1" },
		{ "default", "session_time = 9s", "is not a time of 10s" },
		{ "default", "session_time = 9000h", "is not a time of 10s" },
		{ "default", "idle_timeout = -1", "is not a time of 10s" },
		{ "default", "idle_timeout = 5d", "is not a time of 10s" },
		{ "default", "contact = me", "belongs in [host]" },
		{ "default", "admission = refuse", "belongs in [host]" },
		{ "host", "admission = later", "is none of" },
		{ "host", "admission.wait = 16s", "is not a time of 1s to 15s" },
		{ "host", "admission.wait = 0", "is not a time of 1s to 15s" },
		{ "host", "admission.committed = 1001%", "1% to 1000%" },
		{ "host", "admission.committed = 0%", "1% to 1000%" },
		{ "host", "admission.available = 101%", "is not a size" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct error err = ERROR_INIT;
		char conf[256];

		(void)snprintf(conf, sizeof(conf), "[%s]\n%s\n", row[i].section, row[i].setting);
		struct policy_text *text = policy_parse("t", conf, strlen(conf), NULL, &err);
		cr_expect(text == NULL && strstr(err.text, row[i].reason) != NULL, "%s: %s", row[i].setting,
		    err.text);
		policy_text_free(text);
	}
}

Test(policy_door, text_that_is_too_long_is_refused)
{
	struct error err = ERROR_INIT;
	char conf[300];

	(void)snprintf(conf, sizeof(conf), "[default]\nnologin = %0200d\n", 7);
	policy_text_free(fixture_parse(conf));
	(void)snprintf(conf, sizeof(conf), "[default]\nnologin = %0201d\n", 7);
	cr_expect(policy_parse("t", conf, strlen(conf), NULL, &err) == NULL);
	cr_expect(strstr(err.text, "longer than 200 bytes") != NULL, "%s", err.text);
}

Test(policy_door, takes_what_counts)
{
	struct door door = door_of_conf("[host]\ncontact = root\nadmission = refuse\n"
	    "admission.committed = 50%\n[default]\nbanner = yes\nnologin = later\nmax_sessions = 3\n"
	    "session_time = 1h\nidle_timeout = 1m\nmemory.max = 25%\n");

	cr_expect(door.banner);
	cr_expect_str_eq(door.contact, "root");
	cr_expect_str_eq(door.nologin, "later");
	cr_expect(door.max_sessions == 3 && door.stay.session_time == 3600 && door.stay.idle_timeout == 60);
	cr_expect(door.admission == ADMISSION_REFUSE && door.committed == 4 * GIB);
	cr_expect(door.memory == 2 * GIB);
	door = door_of_conf("[slice lab]\nmemory.max = 1G\n[default]\nslice = lab\nmemory.max = 25%\n");
	cr_expect(door.memory == GIB);
	door = door_of_conf("[default]\nmemory.max = max\n");
	cr_expect(door.memory == 0 && !door.banner && door.nologin[0] == '\0' && door.contact[0] == '\0');
}

Test(policy_door, closed)
{
	struct error err = ERROR_INIT;
	struct door door = { .banner = true };

	cr_expect(door_check_open(&door, &err) == 0);
	(void)snprintf(door.nologin, sizeof(door.nologin), "later");
	cr_expect(door_check_open(&door, &err) < 0);
	cr_expect_str_eq(err.text, "you can't log in now: later");
}

Test(policy_door, sessions)
{
	static const struct {
		uint64_t most;
		size_t open;
		bool let_in;
	} row[] = {
		{ 0, 0, true }, { 0, 4000, true }, { 1, 0, true }, { 1, 1, false }, { 2, 1, true }, { 2, 2, false },
		{ 2, 3, false },
	};
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct door door = { .max_sessions = row[i].most };
		cr_expect((door_check_sessions(&door, row[i].open, &err) == 0) == row[i].let_in, "row %zu", i);
	}
	cr_expect_str_eq(err.text, "you have 3 sessions open, and may have no more than 2: end one first");
}

Test(policy_door, memory)
{
	static const struct {
		enum admission admission;
		uint64_t most, least, committed, available;
		const char *reason; /* NULL: let in */
	} row[] = {
		{ ADMISSION_NONE, 100, 50, 110, 10, NULL },
		{ ADMISSION_REFUSE, 100, 0, 100, 0, NULL },
		{ ADMISSION_REFUSE, 100, 0, 101, 0, "promised" },
		{ ADMISSION_QUEUE, 100, 0, 101, 0, "promised" },
		{ ADMISSION_REFUSE, 100, 0, UINT64_MAX, 0, "promised" },
		{ ADMISSION_REFUSE, 0, 0, UINT64_MAX, 0, NULL },
		{ ADMISSION_REFUSE, 0, 50, 0, 50, NULL },
		{ ADMISSION_REFUSE, 0, 50, 0, 49, "used up" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct door door = { .admission = row[i].admission, .committed = row[i].most,
		    .available = row[i].least };
		const struct door_memory memory = { row[i].committed, row[i].available };
		struct error err = ERROR_INIT;
		int rc = door_check_memory(&door, &memory, &err);
		cr_expect((rc == 0) == (row[i].reason == NULL), "row %zu", i);
		cr_expect(row[i].reason == NULL || strstr(err.text, row[i].reason) != NULL, "row %zu: %s", i, err.text);
	}
}

/* In seconds, where the door has milliseconds. */
Test(policy_door, stay)
{
	static const struct {
		uint64_t session_time, idle_timeout;
		int64_t now, input;
		enum door_advice advice;
		const char *key; /* NULL: does not matter */
		uint64_t left;
		int64_t again; /* -1: never */
	} row[] = {
		/* opened at 100 */
		{ 0, 0, 100, 100, DOOR_STAY, NULL, 0, -1 },
		{ 0, 0, 1 << 30, 100, DOOR_STAY, NULL, 0, -1 },
		{ 1000, 0, 100, -1, DOOR_STAY, NULL, 0, 1000 },
		{ 1000, 0, 999, -1, DOOR_STAY, NULL, 0, 1000 },
		{ 1000, 0, 1000, -1, DOOR_WARN, "session_time", 100, 1100 },
		{ 1000, 0, 1099, -1, DOOR_WARN, "session_time", 1, 1100 },
		{ 1000, 0, 1100, -1, DOOR_LEAVE, "session_time", 0, 1100 },
		{ 86400, 0, 86200, -1, DOOR_WARN, "session_time", 300, 86500 },
		{ 86400, 0, 86199, -1, DOOR_STAY, NULL, 0, 86200 },
		{ 10, 0, 105, -1, DOOR_WARN, "session_time", 5, 110 },
		{ 0, 60, 100, -1, DOOR_STAY, NULL, 0, -1 },
		{ 0, 60, 500, 450, DOOR_STAY, NULL, 0, 504 },
		{ 0, 60, 505, 450, DOOR_WARN, "idle_timeout", 5, 510 },
		{ 0, 60, 510, 450, DOOR_LEAVE, "idle_timeout", 0, 510 },
		{ 1000, 60, 500, 490, DOOR_STAY, NULL, 0, 544 },
		{ 1000, 60, 1010, 1000, DOOR_WARN, "session_time", 90, 1054 },
		{ 1000, 60, 1090, 1031, DOOR_WARN, "idle_timeout", 1, 1091 },
		{ 1000, 60, 1100, 1099, DOOR_LEAVE, "session_time", 0, 1100 },
		{ 1000, 60, 1050, 900, DOOR_LEAVE, "idle_timeout", 0, 1050 },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct door_stay stay = { row[i].session_time, row[i].idle_timeout };
		struct door_answer answer = door_ask(&stay, row[i].now * 1000, 100000,
		    row[i].input < 0 ? -1 : row[i].input * 1000);
		cr_expect(answer.advice == row[i].advice, "row %zu: advice %d", i, (int)answer.advice);
		cr_expect(answer.again == (row[i].again < 0 ? INT64_MAX : row[i].again * 1000), "row %zu: again %lld",
		    i, (long long)answer.again);
		if (row[i].key != NULL)
			cr_expect(strcmp(answer.key, row[i].key) == 0 && answer.left == row[i].left,
			    "row %zu: %s %llu", i, answer.key, (unsigned long long)answer.left);
	}
}

Test(policy_door, amounts)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} row[] = {
		{ 0, "0 bytes" }, { 1023, "1023 bytes" }, { 1024, "1 KiB" }, { 1536, "1.5 KiB" },
		{ 2 * GIB, "2 GiB" }, { 2 * GIB - 1, "1.9 GiB" }, { 10 * GIB + GIB / 2, "10 GiB" },
		{ UINT64_MAX, "15 EiB" },
	};
	static const struct {
		uint64_t seconds;
		const char *text;
	} time[] = {
		{ 0, "0 s" }, { 59, "59 s" }, { 60, "1 min" }, { 90, "1 min 30 s" }, { 3600, "1 h" },
		{ 5400, "1 h 30 min" }, { 5401, "1 h 30 min" }, { 86400, "1 d" }, { 100000, "1 d 3 h" },
	};
	char buffer[AMOUNT_MAX];

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		cr_expect_str_eq(amount_bytes(row[i].bytes, buffer, sizeof(buffer)), row[i].text);
	for (size_t i = 0; i < sizeof(time) / sizeof(time[0]); i++)
		cr_expect_str_eq(amount_seconds(time[i].seconds, buffer, sizeof(buffer)), time[i].text);
}

/* The kernel leaves a terminal's time of input as it is for eight seconds, whatever comes in them. */
Test(policy_door, input_is_as_late_as_it_can_be)
{
	static const struct {
		int64_t now, looked, clock, stamp, latest; /* seconds */
	} row[] = {
		/* In the same eight seconds there may come more. */
		{ 100, 90, 1000, 1000, 108 },
		{ 100, 90, 1000, 995, 103 },
		{ 100, 90, 1000, 992, 100 },
		{ 100, 80, 1000, 985, 93 },
		/* Never before the last look, when the stamp was another one. */
		{ 100, 95, 1000, 980, 95 },
		/* The clock was set on by a day, and back. */
		{ 100, 90, 87400, 1000, 90 },
		{ 100, 90, 1000, 87400, 100 },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		int64_t latest = door_latest_input(row[i].now * 1000, row[i].looked * 1000, row[i].clock * 1000,
		    row[i].stamp * 1000);
		cr_expect_eq(latest, row[i].latest * 1000, "row %zu: %lld", i, (long long)latest);
	}
}
