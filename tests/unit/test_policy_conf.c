/*
 * What is installed and what is written about it: every key is in etc/pam_ctr.conf and in
 * pam_ctr.conf(5), and each default in the file is the one that is built in.
 */
#include "test_policy_fixture.h"

#include "policy/key.h"

#define CONF "etc/pam_ctr.conf"
#define MANUAL "man/pam_ctr.conf.5"

Test(policy_conf, every_key_is_documented)
{
	char *conf = fixture_read(CONF, NULL), *manual = fixture_read(MANUAL, NULL);
	size_t i;

	for (i = 0; i < KEY_COUNT; i++) {
		char in_conf[64], active[64], in_manual[64];

		(void)snprintf(in_conf, sizeof(in_conf), "\n#%s = ", key_at(i)->name);
		(void)snprintf(active, sizeof(active), "\n%s = ", key_at(i)->name);
		(void)snprintf(in_manual, sizeof(in_manual), "\n.It Ic %s No = ", key_at(i)->name);
		cr_expect(strstr(conf, in_conf) != NULL || strstr(conf, active) != NULL,
		    "%s is not in " CONF, key_at(i)->name);
		cr_expect(strstr(manual, in_manual) != NULL, "%s is not in " MANUAL,
		    key_at(i)->name);
	}
	free(conf);
	free(manual);
}

/* Takes the '#' off each "#key = value". */
static unsigned
uncomment(char *conf)
{
	char *line = conf;
	unsigned found = 0;

	while (line != NULL) {
		size_t key = line[0] == '#' ? strspn(line + 1, "abcdefghijklmnopqrstuvwxyz_.") : 0;

		if (key > 0 && strncmp(line + 1 + key, " = ", 3) == 0) {
			line[0] = ' ';
			found++;
		}
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return found;
}

/* A comment that is no key any more would tell defaults that are none. */
Test(policy_conf, defaults_are_the_built_in_ones)
{
	struct fixture f;
	char *shipped = fixture_read(CONF, NULL), *all = fixture_read(CONF, NULL);
	char *printed_shipped, *printed_all;

	fixture_init(&f);
	/* exempt and profile are active; limits are there twice, for [host] and for a user. */
	cr_expect(uncomment(all) == POLICY_KEY_COUNT - 2 + 2 * LIMIT_COUNT);
	printed_shipped = fixture_explain_conf(&f, shipped);
	printed_all = fixture_explain_conf(&f, all);
	cr_expect(strstr(printed_all, "# built in") == NULL, "%s", printed_all);
	fixture_strip(printed_shipped);
	fixture_strip(printed_all);
	cr_expect_str_eq(printed_all, printed_shipped);
	free(printed_shipped);
	free(printed_all);
	free(shipped);
	free(all);
}

/* Whatever else it says, the file that is installed must not lock its admin out. */
Test(policy_conf, shipped_exempts_who_administrates)
{
	static const char *const group[] = { "sudo", "wheel" };
	struct error err = ERROR_INIT;
	struct fixture f;
	char *shipped = fixture_read(CONF, NULL);
	struct policy_text *text = fixture_parse(shipped);
	struct policy policy = POLICY_INIT;
	size_t i;

	fixture_init(&f);
	cr_expect(policy_resolve(text, &f.subject, &f.machine, &policy, &err) == 0);
	cr_expect(!policy.exempt);
	policy_free(&policy);
	for (i = 0; i < sizeof(group) / sizeof(group[0]); i++) {
		(void)snprintf(f.group[1].name, sizeof(f.group[1].name), "%s", group[i]);
		cr_expect(policy_resolve(text, &f.subject, &f.machine, &policy, &err) == 0);
		cr_expect(policy.exempt, "@%s", group[i]);
		policy_free(&policy);
	}
	policy_text_free(text);
	free(shipped);
}

/* The manual's own examples. */
Test(policy_conf, examples_of_the_manual_parse)
{
	static const char begin[] = ".Bd -literal -offset indent\n";
	char *manual = fixture_read(MANUAL, NULL), *at = manual, *end;
	unsigned examples = 0;

	while ((at = strstr(at, begin)) != NULL) {
		at += strlen(begin);
		end = strstr(at, "\n.Ed\n");
		cr_assert(end != NULL);
		end[1] = '\0';
		policy_text_free(fixture_parse(at));
		at = end + 2;
		examples++;
	}
	cr_expect(examples == 5, "%u", examples);
	free(manual);
}
