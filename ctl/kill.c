/*
 * ctrctl kill and gc: ends containers, and makes sure that each has a living supervisor.
 */
#include "ctl/ctl.h"
#include "lib/client.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"

#include <dirent.h>

/* The grace of the policy, and what a machine under load takes on top. */
#define END_MS 120000

int
command_kill(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	bool existed = false;
	uid_t uid;

	if (argc != 2)
		return -1;
	if (ctl_uid(argv[1], &uid) < 0)
		return CTL_NO;
	if (uid == 0)
		return ctl_complain(CTL_NO, "uid 0 is never contained, and has no container");
	if (client_end(uid, END_MS, &existed, &err) < 0)
		return ctl_fail(&err);
	return existed ? CTL_OK : ctl_complain(CTL_NO, "user %s has no container", argv[1]);
}

static int
adopt(const char *name)
{
	struct error err = ERROR_INIT;
	uint64_t uid;

	if (!text_to_number(name, UINT32_MAX - 1, &uid) || uid == 0)
		return CTL_OK;
	return client_adopt((uid_t)uid, END_MS, &err) < 0 ? ctl_fail(&err) : CTL_OK;
}

/* Each directory below /run/pam_ctr is a uid's; its supervisor does what is to be done. */
int
command_gc(int argc, char **argv)
{
	int rc = CTL_OK;
	DIR *all;

	(void)argv;
	if (argc != 1)
		return -1;
	all = opendir(PLACE_RUN);
	if (!all && errno == ENOENT)
		return CTL_OK;
	if (!all) {
		struct error err = ERROR_INIT;
		(void)error_set(&err, errno, "open %s", PLACE_RUN);
		return ctl_fail(&err);
	}
	for (const struct dirent *entry; (entry = readdir(all));) {
		int code = adopt(entry->d_name);
		rc = code != CTL_OK ? code : rc;
	}
	(void)closedir(all);
	return rc;
}
