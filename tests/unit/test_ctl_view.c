/*
 * ctl/view_json.c: a container whose every name is hostile comes out as one JSON value.  Made
 * up: nothing of the machine's is looked at.
 */
#include "ctl/view.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* What a user, or who logs in from afar, can put into names: tty, rhost, service. */
#define HOSTILE "\x1b]0;x\a\",\"uid\":0}\n\\\xff\xc2\x9b"
#define HOSTILE_JSON "\\u001b]0;x\\u0007\\\",\\\"uid\\\":0}\\u000a\\\\\\ufffd\\u009b"

static struct record_session *
new_session(void)
{
	struct record_session *session = calloc(1, sizeof(*session));

	cr_assert(session);
	session->caller.pid = 7;
	session->since = 5;
	(void)strcpy(session->id, "s1");
	(void)strcpy(session->service, HOSTILE);
	(void)strcpy(session->tty, HOSTILE);
	(void)strcpy(session->rhost, HOSTILE);
	return session;
}

static char *
json_of(const struct view *view)
{
	char *out = NULL;
	size_t size;
	FILE *file = open_memstream(&out, &size);
	struct json json = { .out = file };

	cr_assert(file);
	view_json(view, &json);
	cr_assert_eq(fclose(file), 0);
	return out;
}

static size_t
occurrences(const char *text, const char *what)
{
	size_t count = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		count++;
	return count;
}

Test(view, hostile_names_stay_in_their_strings)
{
	static bool alive[1] = { true };
	struct view view = VIEW_INIT;

	view.record.uid = 2001;
	view.record.session = new_session();
	view.record.sessions = 1;
	view.session_alive = alive;
	(void)strcpy(view.record.user, HOSTILE);
	(void)strcpy(view.record.home, HOSTILE);
	(void)strcpy(view.record.policy_path, HOSTILE);
	(void)strcpy(view.record.cgroup[0], HOSTILE);
	(void)strcpy(view.problem, HOSTILE);
	(void)strcpy(view.usage.cpuset, HOSTILE);
	char *got = json_of(&view);
	cr_expect_eq(occurrences(got, "\"" HOSTILE_JSON "\""), 9, "%s", got);
	cr_expect_eq(occurrences(got, "\"uid\": "), 1, "%s", got);
	for (const char *at = got; *at; at++)
		cr_expect(*at == '\n' || (*at >= ' ' && *at <= '~'), "byte %02x", (unsigned char)*at);
	free(got);
	free(view.record.session);
}

Test(view, numbers_known_and_not)
{
	static const char *const wanted[] = {
		"\"memory\": 0", "\"memory_max\": \"max\"", "\"swap\": null",
		"\"pids_max\": 18446744073709551613", "\"state\": \"dead\"", "\"sessions\": []",
		"\"logout\": \"kill\"", "\"mnt\": 18446744073709551615",
	};
	struct view view = VIEW_INIT;

	view.state = VIEW_DEAD;
	view.record.kill_at_logout = true;
	view.record.namespaces[RECORD_MNT] = UINT64_MAX;
	view.usage.memory_max = USAGE_UNLIMITED;
	view.usage.swap = USAGE_UNKNOWN;
	view.usage.pids_max = UINT64_MAX - 2;
	char *got = json_of(&view);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		cr_expect(strstr(got, wanted[i]), "%s in %s", wanted[i], got);
	free(got);
}

Test(view, every_state_has_a_name)
{
	for (int state = VIEW_ALIVE; state <= VIEW_BROKEN; state++)
		for (int other = VIEW_ALIVE; other < state; other++)
			cr_expect_str_neq(view_state_name((enum view_state)state),
			    view_state_name((enum view_state)other));
}
