/*
 * ctrctl check: tells of file systems without id-mapped mounts.  Tried, not looked up in a list:
 * which have them differs from kernel to kernel.  A copy of each mount is changed and dropped.
 */
#include "ctl/mounts.h"

#include "container/idmap.h"
#include "container/mountinfo.h"
#include "ctl/command.h"
#include "lib/own.h"
#include "lib/sys.h"

#include <string.h>

/* Replaced in every container, or the kernel's own. */
static const char *const own[] = { "/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp" };

static bool
is_own(const char *point)
{
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		size_t length = strlen(own[i]);
		if (!strncmp(point, own[i], length) && (point[length] == '/' || point[length] == '\0'))
			return true;
	}
	return false;
}

static void
note(const struct mountinfo *mount, int userns)
{
	struct error why = ERROR_INIT;
	autofd int fd = open(mount->point, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || mountinfo_id(fd) != mount->id)
		return; /* covered by another */
	autofd int copy = sys_open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (copy < 0 || idmap_mount(copy, userns, &why) == 0)
		return;
	(void)complain(CTL_NO, mount->point[1] == '\0'
	    ? "note: %s (%s) cannot be shown with a container's owners: profile = shared alone works here"
	    : "note: %s (%s) cannot be shown with a container's owners: with userns = private, files of "
	      "root and of other users are nobody's there", mount->point, mount->type);
}

void
mounts_note(void)
{
	struct error err = ERROR_INIT;
	struct mountinfo mount;
	autofree char *text = mountinfo_read(&err);
	autofd int userns = idmap_root_to(65533, 65533, &err);

	if (userns < 0 || !text) {
		(void)complain_error("note: userns = private", &err);
		return;
	}
	for (char *cursor = text; mountinfo_next(&cursor, &mount);)
		if (!is_own(mount.point))
			note(&mount, userns);
}
