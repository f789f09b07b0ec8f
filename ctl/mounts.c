/*
 * ctrctl check: tells of file systems without id-mapped mounts.  Tried, not looked up in a list:
 * which have them differs from kernel to kernel.  A copy of each mount is changed and dropped.
 */
#include "ctl/mounts.h"

#include "container/idmap.h"
#include "container/mountinfo.h"
#include "ctl/command.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/sys.h"

#include <string.h>

/* Replaced or hidden in every container, or the kernel's own. */
static const char *const own[] = { "/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp", PLACE_LXCFS };

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

static bool
is_mappable(const struct mountinfo *mount, int userns)
{
	struct error ignored = ERROR_INIT;
	autofd int fd = open(mount->point, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || mountinfo_id(fd) != mount->id)
		return true; /* covered by another */
	autofd int copy = sys_open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	return copy < 0 || idmap_mount(copy, userns, &ignored) == 0;
}

int
mounts_try(mounts_tell *tell, void *context, struct error *err)
{
	struct mountinfo mount;
	autofree char *text = mountinfo_read(err);
	autofd int userns = text ? idmap_root_to(65533, 65533, err) : -1;

	if (userns < 0)
		return -1;
	for (char *cursor = text; mountinfo_next(&cursor, &mount);)
		if (!is_own(mount.point) && !is_mappable(&mount, userns))
			tell(mount.point, mount.type, context);
	return 0;
}

static void
note(const char *point, const char *type, void *context)
{
	(void)context;
	(void)complain(CTL_NO, point[1] == '\0'
	    ? "note: %s (%s) cannot be shown with a container's owners: profile = shared alone works here"
	    : "note: %s (%s) cannot be shown with a container's owners: with userns = private, files of "
	      "root and of other users are nobody's there", point, type);
}

void
mounts_note(void)
{
	struct error err = ERROR_INIT;

	if (mounts_try(note, NULL, &err) < 0)
		(void)complain_error("note: userns = private", &err);
}
