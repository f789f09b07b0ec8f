/*
 * The records are root's, and not to be seen inside; limits and use are, in the cgroup file
 * systems that the container has on /sys/fs/cgroup: its own part of each, and nothing else.
 */
#include "ctl/own.h"

#include "ctl/account.h"
#include "ctl/view.h"
#include "lib/mark.h"
#include "lib/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CGROUPS "/sys/fs/cgroup"
#define DIRECTORIES 8

/* 1: inside, 0: on the host, where PLACE_RUN is root's alone; -1: err. */
static int
look_where(struct error *err)
{
	int inside = mark_check(err);

	return inside < 0 && err->errnum == EACCES ? 0 : inside;
}

bool
own_is_all(void)
{
	struct error ignored = ERROR_INIT;

	return geteuid() != 0 || look_where(&ignored) > 0;
}

/* v1 has a directory for each hierarchy; on cgroup2 what is below are the sessions' leaves. */
static void
find_cgroups(char (*directory)[512])
{
	const struct dirent *entry;
	size_t count = 0;

	(void)text_format(directory[0], sizeof(directory[0]), CGROUPS);
	if (access(CGROUPS "/cgroup.controllers", F_OK) == 0)
		return;
	DIR *all = opendir(CGROUPS);
	while (all && count < DIRECTORIES && (entry = readdir(all)))
		if (entry->d_name[0] != '.' && text_format(directory[count], sizeof(directory[0]),
		        CGROUPS "/%s", entry->d_name) == 0)
			count++;
	if (all)
		(void)closedir(all);
}

static void
show_inside(const char *user, const struct options *options)
{
	char directory[DIRECTORIES][512] = { "" }, shown[320];
	struct json json = { .out = stdout };
	struct usage usage;

	find_cgroups(directory);
	usage_read((const char (*)[512])directory, DIRECTORIES, &usage);
	if (options->json) {
		json_object(&json, NULL);
		json_text(&json, "user", user);
		json_number(&json, "uid", getuid());
		json_text(&json, "state", "inside");
		view_usage_json(&usage, &json);
		json_object_end(&json);
		return;
	}
	(void)printf("%-12s %s (uid %u)\n", "user", text_escape(user, shown, sizeof(shown)),
	    (unsigned)getuid());
	(void)printf("%-12s %s\n", "state", "inside your container");
	view_print_usage(&usage);
}

static int
show_outside(const char *user, const struct options *options)
{
	struct json json = { .out = stdout };

	if (!options->json)
		return complain(CTL_NO, "show: %s is not contained here: this login is on the host, by the "
		    "policy (ctrctl explain %s sshd) or since its service has no pam_ctr", user, user);
	json_object(&json, NULL);
	json_text(&json, "user", user);
	json_number(&json, "uid", getuid());
	json_text(&json, "state", "not-contained");
	json_object_end(&json);
	return CTL_NO;
}

int
own_show(const struct options *options)
{
	struct error err = ERROR_INIT;
	char user[256];
	uid_t uid = getuid();
	int inside = look_where(&err);

	if (options->operand[0] && account_uid(options->operand[0], &uid, &err) < 0)
		return complain(CTL_NO, "show: %s", err.text);
	if (uid != getuid())
		return complain(CTL_DENIED, "show: only root, on the host, sees other users' containers");
	if (inside < 0)
		return complain_error("show", &err);
	account_name(uid, user, sizeof(user));
	if (inside == 0)
		return output_end(show_outside(user, options));
	show_inside(user, options);
	return output_end(CTL_OK);
}
