/*
 * Profiles: what they bundle, what can be set alone over them, and what makes no sense
 * together.  Pure.
 */
#include "test_policy_fixture.h"

#include "policy/key.h"

static int
resolve(const struct fixture *f, const char *conf, struct policy *policy, struct error *err)
{
	struct policy_text *text = fixture_parse(conf);
	int rc = policy_resolve(text, &f->subject, &f->machine, policy, err);

	policy_text_free(text);
	return rc;
}

Test(policy_profile, bundles)
{
	static const struct {
		const char *conf;
		enum profile profile;
		enum userns_kind userns;
		enum root_kind root;
		bool setuid, sudo, nesting;
	} row[] = {
		{ "", PROFILE_SEALED, USERNS_PRIVATE, ROOT_READ_ONLY, false, false, false },
		{ "profile = shared", PROFILE_SHARED, USERNS_HOST, ROOT_HOST, true, false, true },
		{ "profile = sealed", PROFILE_SEALED, USERNS_PRIVATE, ROOT_READ_ONLY, false, false,
		    false },
		{ "profile = machine", PROFILE_MACHINE, USERNS_PRIVATE, ROOT_OVERLAY, true, true,
		    false },
		/* Each key alone, before and after the profile. */
		{ "profile = machine\nsudo = no", PROFILE_MACHINE, USERNS_PRIVATE, ROOT_OVERLAY, true,
		    false, false },
		{ "nesting = yes\nprofile = machine", PROFILE_MACHINE, USERNS_PRIVATE, ROOT_OVERLAY,
		    true, true, true },
		{ "root = ephemeral\nsetuid = yes", PROFILE_SEALED, USERNS_PRIVATE, ROOT_EPHEMERAL,
		    true, false, false },
		/* A line of a key's own wins over a profile of a later section. */
		{ "nesting = yes\n[user alice]\nprofile = machine", PROFILE_MACHINE, USERNS_PRIVATE,
		    ROOT_OVERLAY, true, true, true },
		{ "profile = machine\n[user alice]\nprofile = shared", PROFILE_SHARED, USERNS_HOST,
		    ROOT_HOST, true, false, true },
	};
	struct fixture f;
	size_t i;

	fixture_init(&f);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct error err = ERROR_INIT;
		struct policy policy = POLICY_INIT;
		char conf[256];

		(void)snprintf(conf, sizeof(conf), "[default]\n%s\n", row[i].conf);
		cr_assert(resolve(&f, conf, &policy, &err) == 0, "%s: %s", conf, err.text);
		cr_expect(policy.profile == row[i].profile, "%s: profile", conf);
		cr_expect(policy.userns == row[i].userns, "%s: userns", conf);
		cr_expect(policy.root == row[i].root, "%s: root", conf);
		cr_expect(policy.setuid == row[i].setuid, "%s: setuid", conf);
		cr_expect(policy.sudo == row[i].sudo, "%s: sudo", conf);
		cr_expect(policy.nesting == row[i].nesting, "%s: nesting", conf);
		cr_expect(policy.network == NETWORK_HOST, "%s: network", conf);
		policy_free(&policy);
	}
}

Test(policy_profile, root_and_its_size)
{
	static const struct {
		const char *conf;
		enum root_kind root;
		const char *base;
		uint64_t size;
	} row[] = {
		{ "root = overlay", ROOT_OVERLAY, NULL, 0 },
		{ "root = overlay:/srv/bookworm", ROOT_OVERLAY, "/srv/bookworm", 0 },
		{ "root = overlay\nroot_size = 1G", ROOT_OVERLAY, NULL, GIB },
		{ "root = overlay\nroot_size = 50%", ROOT_OVERLAY, NULL, 4 * GIB },
		{ "root = ephemeral", ROOT_EPHEMERAL, NULL, 2 * GIB },
		{ "root = ephemeral\nroot_size = none", ROOT_EPHEMERAL, NULL, 2 * GIB },
		{ "root = ephemeral:/srv/b\nroot_size = 64M", ROOT_EPHEMERAL, "/srv/b", GIB / 16 },
		{ "root_size = none", ROOT_READ_ONLY, NULL, 0 },
	};
	struct fixture f;
	size_t i;

	fixture_init(&f);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct error err = ERROR_INIT;
		struct policy policy = POLICY_INIT;
		char conf[256];

		(void)snprintf(conf, sizeof(conf), "[default]\n%s\n", row[i].conf);
		cr_assert(resolve(&f, conf, &policy, &err) == 0, "%s: %s", conf, err.text);
		cr_expect(policy.root == row[i].root, "%s", conf);
		cr_expect(policy.root_size == row[i].size, "%s: %llu", conf,
		    (unsigned long long)policy.root_size);
		cr_expect(row[i].base == NULL ? policy.root_base == NULL :
		    policy.root_base != NULL && strcmp(policy.root_base, row[i].base) == 0, "%s",
		    conf);
		policy_free(&policy);
	}
}

Test(policy_profile, run_is_a_list)
{
	struct fixture f;
	struct error err = ERROR_INIT;
	struct policy policy = POLICY_INIT;

	fixture_init(&f);
	cr_assert(resolve(&f, "", &policy, &err) == 0);
	cr_expect(policy.run.count == 10);
	cr_expect_str_eq(policy.run.item[1], "systemd/resolve");
	policy_free(&policy);
	cr_assert(resolve(&f, "[user alice]\nrun = users, a/user\n", &policy, &err) == 0);
	cr_expect(policy.run.count == 2);
	cr_expect_str_eq(policy.run.item[1], "a/user");
	policy_free(&policy);
	cr_assert(resolve(&f, "[user alice]\nrun = none\n", &policy, &err) == 0);
	cr_expect(policy.run.count == 0);
	policy_free(&policy);
}

Test(policy_profile, explained_as_the_profiles)
{
	struct fixture f;
	char *printed;

	fixture_init(&f);
	printed = fixture_explain_conf(&f, "");
	cr_expect(strstr(printed, "  # built in, profile sealed\n") != NULL, "%s", printed);
	free(printed);
	printed = fixture_explain_conf(&f, "[default]\nsudo = no\n[group lab]\nprofile = machine\n");
	cr_expect(strstr(printed, "  # t:4, profile machine\n") != NULL, "%s", printed);
	cr_expect(fixture_has_line(printed, "profile = machine"), "%s", printed);
	cr_expect(fixture_has_line(printed, "userns = private"), "%s", printed);
	cr_expect(strstr(printed, "  # t:2\n") != NULL, "sudo is not the profile's: %s", printed);
	cr_expect(strstr(printed, "t:2, profile") == NULL, "%s", printed);
	free(printed);
}

/* No profile breaks a rule, whatever the rules become: its values, each by a line, pass. */
Test(policy_profile, bundles_make_sense)
{
	static const char *const name[] = { "shared", "sealed", "machine" };
	size_t i, j;

	for (i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		struct error err = ERROR_INIT;
		struct policy_text *text;
		char conf[512];
		int length = snprintf(conf, sizeof(conf), "[default]\nprofile = %s\n", name[i]);
		unsigned keys = 0;

		for (j = 0; j < POLICY_KEY_COUNT; j++) {
			const char *value = key_of_profile(key_at(j), (enum profile)i);

			cr_expect((value != NULL) == (key_at(j)->builtin == NULL), "%s has not one "
			    "default", key_at(j)->name);
			if (value == NULL)
				continue;
			length += snprintf(conf + length, sizeof(conf) - (size_t)length,
			    "%s = %s\n", key_at(j)->name, value);
			keys++;
		}
		cr_expect(keys == 6, "%u", keys);
		text = policy_parse("t", conf, strlen(conf), NULL, &err);
		cr_expect(text != NULL, "%s: %s", conf, err.text);
		policy_text_free(text);
	}
}

/* Sections that are right each over [default], and of which a login gets two. */
Test(policy_profile, nonsense_of_two_sections_refuses_the_login)
{
	static const struct {
		const char *conf, *text;
	} row[] = {
		{ "[group lab]\nprofile = machine\n[user alice]\nprofile = shared\n[service sshd]\n"
		    "nesting = yes\n", NULL },
		{ "[default]\nprofile = machine\n[group lab]\nsudo = yes\nroot_size = 1G\n"
		    "[user alice]\nprofile = shared\n", "t:7: profile: sudo = yes with root = host: " },
		{ "[default]\nprofile = machine\n[group lab]\nroot_size = 1G\n[user alice]\n"
		    "profile = sealed\n", "t:6: profile: root_size = 1G with root = read_only: " },
		{ "[default]\nprofile = machine\n[group lab]\nroot_size = 1G\n[user alice]\n"
		    "profile = sealed\nroot_size = none\n", NULL },
		{ "[default]\nprofile = machine\n[group lab]\nroot_size = 1G\n[user bob]\n"
		    "profile = sealed\n", NULL },
	};
	struct fixture f;
	size_t i;

	fixture_init(&f);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct error err = ERROR_INIT;
		struct policy policy = POLICY_INIT;
		int rc = resolve(&f, row[i].conf, &policy, &err);

		if (row[i].text == NULL) {
			cr_expect(rc == 0, "%s: %s", row[i].conf, err.text);
		} else {
			cr_expect(rc == -1, "%s passes", row[i].conf);
			cr_expect(strncmp(err.text, row[i].text, strlen(row[i].text)) == 0, "%s: %s",
			    row[i].conf, err.text);
			cr_expect(policy.hostname == NULL, "a failed policy must be empty");
		}
		policy_free(&policy);
	}
}

/* Nonsense must not lock out who does not use it. */
Test(policy_profile, exempt_in_spite_of_nonsense)
{
	struct fixture f;
	struct error err = ERROR_INIT;
	struct policy policy = POLICY_INIT;

	fixture_init(&f);
	cr_expect(resolve(&f, "[host]\nexempt = alice\n[default]\nprofile = machine\n[group lab]\n"
	    "root_size = 1G\n[user alice]\nprofile = sealed\n", &policy, &err) == 0, "%s", err.text);
	cr_expect(policy.exempt);
	policy_free(&policy);
}
