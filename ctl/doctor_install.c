/*
 * ctrctl doctor: files that are installed, the policy, and what a crash left.
 */
#include "ctl/doctor.h"

#include "ctl/login.h"
#include "ctl/view.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/places.h"
#include "lib/text.h"

#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INSTALL "install"
#define POLICY "policy"
#define CONTAINERS "containers"

static const struct installed {
	const char *path;
	const char *without; /* what does not work then */
} programs[] = {
	{ PLACE_SUPERVISOR, "every login is refused" },
	{ PLACE_INIT, "every login is refused" },
	{ PLACE_SUBID, "users without subordinate ids are refused" },
	{ PLACE_FILTER, "system call filters that are not compiled yet are refused" },
	{ PLACE_FILTERS "/default", "seccomp = default is refused" },
	{ PLACE_DEVICES, "logins with device rules are refused" },
};

/* Where distributions keep PAM's modules, for glob(3): braces are glibc's alone. */
#define MODULE "/security/pam_ctr.so"
static const char *const modules[] = { "/lib" MODULE, "/usr/lib" MODULE, "/lib64" MODULE,
	"/usr/lib64" MODULE, "/lib/*-linux-*" MODULE, "/usr/lib/*-linux-*" MODULE };

static bool
is_trusted(struct findings *findings, const char *path)
{
	struct error err = ERROR_INIT;
	struct stat st;
	char text[640];
	autofd int fd = path_open_trusted(path, &err);

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 &&
	    !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return true;
	finding_add(findings, FINDING_FAIL, INSTALL, path, "%s", fd < 0 ? error_render(&err, text, sizeof(text)) :
	    "is no file of root's that only root can write");
	return false;
}

static void
look_at_programs(struct findings *findings)
{
	size_t good = 0;
	const size_t all = sizeof(programs) / sizeof(programs[0]);

	for (size_t i = 0; i < all; i++) {
		if (is_trusted(findings, programs[i].path))
			good++;
		else
			finding_advise(findings, "install pam_ctr whole, root's and mode 755: without it %s",
			    programs[i].without);
	}
	if (good == all)
		finding_add(findings, FINDING_OK, INSTALL, PAM_CTR_LIBEXEC, "%zu programs and filters, root's", good);
}

/* The same module under two names of one directory is one. */
static void
look_at_module(struct findings *findings)
{
	glob_t found = { .gl_pathc = 0 };
	struct stat st, seen = { .st_ino = 0 };
	size_t trusted = 0;

	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		(void)glob(modules[i], i > 0 ? GLOB_APPEND : 0, NULL, &found); /* most are not there */
	if (found.gl_pathc == 0) {
		finding_add(findings, FINDING_FAIL, INSTALL, "pam_ctr.so", "is in none of PAM's directories");
		finding_advise(findings, "make install PAMDIR=DIRECTORY, with the one that has pam_unix.so");
		return;
	}
	for (size_t i = 0; i < found.gl_pathc; i++) {
		if (stat(found.gl_pathv[i], &st) < 0 || st.st_ino == seen.st_ino || !is_trusted(findings, found.gl_pathv[i]))
			continue;
		seen = st;
		trusted++;
		finding_add(findings, FINDING_OK, INSTALL, found.gl_pathv[i], "%lld bytes", (long long)st.st_size);
	}
	if (trusted > 1)
		finding_add(findings, FINDING_WARN, INSTALL, "pam_ctr.so", "is there %zu times: which one PAM takes is "
		    "its build's choice", trusted);
	globfree(&found);
}

static void
look_at_policy(struct findings *findings)
{
	static const char *const profile[] = { [PROFILE_SHARED] = "shared", [PROFILE_SEALED] = "sealed",
		[PROFILE_MACHINE] = "machine" };
	struct policy_faults faults = POLICY_FAULTS_INIT;
	struct error err = ERROR_INIT;
	char text[640];
	struct policy_text *policy = policy_load(PLACE_POLICY, true, &faults, &err);

	if (!policy) {
		finding_add(findings, FINDING_FAIL, POLICY, PLACE_POLICY, "%zu faults, the first: %s", faults.count,
		    faults.count ? faults.item[0] : error_render(&err, text, sizeof(text)));
		finding_advise(findings, "all but exempt users are refused; ctrctl check tells all");
		policy_faults_free(&faults);
		return;
	}
	finding_add(findings, FINDING_OK, POLICY, PLACE_POLICY, "no faults");
	struct login *login = login_anybody(policy, &err);
	if (login)
		finding_add(findings, FINDING_NOTE, POLICY, "[default]", "a user of no group gets profile = %s; ctrctl "
		    "check tells what this machine lacks for it", profile[login->policy.profile]);
	else
		finding_add(findings, FINDING_FAIL, POLICY, "[default]", "a user of no group is refused: %s",
		    error_render(&err, text, sizeof(text)));
	login_free(login);
}

static void
look_at_containers(struct findings *findings)
{
	struct error err = ERROR_INIT;
	autofree uid_t *uids = NULL;
	size_t count, alive = 0;
	char what[300], text[640];

	if (geteuid() != 0) {
		finding_add(findings, FINDING_NOTE, CONTAINERS, PLACE_RUN, "only root can look at containers");
		return;
	}
	if (view_uids(&uids, &count, &err) < 0) {
		finding_add(findings, FINDING_WARN, CONTAINERS, PLACE_RUN, "%s", error_render(&err, text, sizeof(text)));
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct view view = VIEW_INIT;
		if (view_read(uids[i], &view, &err) != 0)
			continue;
		alive += view.state == VIEW_ALIVE;
		(void)text_format(what, sizeof(what), "%.200s", view.record.user);
		if (view.state != VIEW_ALIVE) {
			finding_add(findings, FINDING_WARN, CONTAINERS, what, "uid %u: %s", (unsigned)uids[i],
			    view_state_name(view.state));
			finding_advise(findings, "ctrctl gc adopts or removes it");
		}
		view_free(&view);
	}
	finding_add(findings, FINDING_OK, CONTAINERS, "alive", "%zu of %zu", alive, count);
}

void
doctor_install(struct findings *findings)
{
	look_at_programs(findings);
	look_at_module(findings);
	look_at_policy(findings);
	look_at_containers(findings);
}
