/*
 * The kernel's own answer: O_EXCL without O_CREAT claims a block device as mount(2) does, and is
 * EBUSY where somebody else has it, open(2).  By number, on a node of our own: the host's /dev may
 * lack it.  Runs in the supervisor, as root on the host.
 */
#include "container/device_claim.h"

#include "container/mount.h"
#include "lib/own.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>

enum device_claim
device_claim(dev_t number, struct error *err)
{
	autofd int directory = mount_new_tmpfs(4096, 0700, 0, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
	    err);

	if (directory < 0)
		return DEVICE_CLAIM_UNKNOWN;
	if (mknodat(directory, "device", S_IFBLK | 0600, number) < 0) {
		(void)error_set(err, errno, "make a node to look at a block device");
		return DEVICE_CLAIM_UNKNOWN;
	}
	/* O_NONBLOCK: a drive with a door is not to be closed for this. */
	autofd int device = openat(directory, "device", O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	return device < 0 && errno == EBUSY ? DEVICE_CLAIMED : DEVICE_FREE;
}
