/*
 * Only a cgroup2 is mounted or changed here, and only where a plan says so: whose the tree is
 * was judged when the plan was made.
 */
#include "container/cgroup_mount.h"

#include "lib/cgroup_host.h"
#include "lib/mount_line.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/sys.h"

#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

/* mount(2)'s flags; <sys/mount.h> can't be had beside <linux/mount.h>. */
#define SYS_MS_NOSUID 2UL
#define SYS_MS_NODEV 4UL
#define SYS_MS_NOEXEC 8UL
#define SYS_MS_RELATIME (1UL << 21)

static bool
is_mounted(int directory)
{
	struct statfs fs;

	return fstatfs(directory, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

static int
explain_mount(const char *target, int errnum, struct error *err)
{
	switch (errnum) {
	case ENODEV:
		return error_set(err, errnum, "mount cgroup2 on %s: this kernel has no cgroups", target);
	case EPERM:
		return error_set(err, errnum, "mount cgroup2 on %s: not allowed in here: have it mounted "
		    "by who started this container, or by the host's boot", target);
	default:
		return error_set(err, errnum, "mount cgroup2 on %s", target);
	}
}

/*
 * Two first logins, or one and the boot, may come here at once: the kernel refuses (EBUSY) a second
 * mount of the same on the same place.
 */
int
cgroup_mount_make(const struct step *step, struct error *err)
{
	const unsigned long flags = SYS_MS_NOSUID | SYS_MS_NODEV | SYS_MS_NOEXEC | SYS_MS_RELATIME;
	struct error why = ERROR_INIT;
	autofd int before = path_open_trusted(step->target, &why);
	autofd int after = -1;

	if (before < 0 && why.errnum == ENOENT)
		return error_set(err, ENOENT, "mount cgroup2: there is no %s: sysfs must be mounted on "
		    "/sys, and the kernel have cgroups", step->target);
	if (before < 0)
		return error_set(err, why.errnum, "%s", why.text);
	if (is_mounted(before))
		return 0;
	if (sys_mount(step->source, step->target, "cgroup2", flags, step->value) < 0 && errno != EBUSY)
		return explain_mount(step->target, errno, err);
	after = path_open_trusted(step->target, err);
	if (after < 0)
		return -1;
	return is_mounted(after) ? 0 :
	    error_set(err, EBUSY, "mount cgroup2: something else is on %s", step->target);
}

/* The next word of a list, cut off at the comma. */
static bool
next_word(const char **list, char *word, size_t size)
{
	size_t length = strcspn(*list, ",");

	if (!length || length >= size)
		return false;
	(void)snprintf(word, size, "%.*s", (int)length, *list);
	*list += length + ((*list)[length] == ',');
	return true;
}

static int
reconfigure(const struct step *step, struct error *err)
{
	const char *list = step->value;
	char word[64];
	autofd int fs = sys_fspick(AT_FDCWD, step->target, FSPICK_CLOEXEC | FSPICK_NO_AUTOMOUNT);

	if (fs < 0)
		return error_set(err, errno, "open the cgroup2 on %s", step->target);
	while (next_word(&list, word, sizeof(word)))
		if (sys_fsconfig(fs, FSCONFIG_SET_FLAG, word, NULL, 0) < 0)
			return error_set(err, errno, "set the option %s of the cgroup2 on %s", word,
			    step->target);
	if (sys_fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
		return error_set(err, errno, "set the options %s of the cgroup2 on %s", step->value,
		    step->target);
	return 0;
}

/* Outside of the first cgroup namespace the kernel takes options, and does nothing. */
static int
read_back(const struct step *step, struct error *err)
{
	const char *list = step->value;
	struct cgroup_host host;
	char word[64];

	if (cgroup_host_read(&host, err) < 0)
		return -1;
	while (next_word(&list, word, sizeof(word)))
		if (!mount_line_list_has(host.options, ",", word))
			return error_set(err, 0, "the cgroup2 on %s: the option %s was set, but the kernel "
			    "has \"%s\"", step->target, word, host.options);
	return 0;
}

int
cgroup_mount_set_options(const struct step *step, struct error *err)
{
	if (reconfigure(step, err) < 0)
		return -1;
	return read_back(step, err);
}
