/*
 * One function a fact; the texts are libudev's, and the device's as long as it is.  NULL of libudev's is
 * "none" or "can't be read", and errno tells which; where it keeps an error to itself, as of a tag or a
 * link, the properties are asked first: they come from the same files.
 */
#include "devices/facts.h"

#include "lib/text.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

typedef const char *device_text(struct udev_device *device);
typedef const char *fact_of(struct facts *facts, struct udev_device *device, const char *name);

bool
facts_says_absent(int errnum)
{
	static const int absent[] = { 0, ENOENT, ENODEV, ENXIO, ENOTDIR, EISDIR, ENODATA, EOPNOTSUPP };

	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		if (errnum == absent[i])
			return true;
	return false;
}

/* An answer of libudev's, errno having been 0 before.  True: there is more than it says. */
static bool
is_error(struct facts *facts, const void *answer)
{
	if (answer || facts_says_absent(errno))
		return false;
	if (facts->errnum == 0)
		facts->errnum = errno;
	return true;
}

/* Of what libudev reads once for all, as a device's uevent and its parent: where that fails it is empty from then on. */
static void
note_once(struct facts *facts, const void *answer)
{
	facts->is_torn = is_error(facts, answer) || facts->is_torn;
}

static const char *
ask(struct facts *facts, device_text *text, struct udev_device *device)
{
	errno = 0;
	const char *value = text(device);
	note_once(facts, value);
	return value;
}

static const char *
ask_property(struct facts *facts, const char *name)
{
	errno = 0;
	const char *value = udev_device_get_property_value(facts->device, name);
	note_once(facts, value);
	return value;
}

static struct udev_device *
parent_of(struct facts *facts, struct udev_device *device)
{
	errno = 0;
	struct udev_device *parent = udev_device_get_parent(device);
	note_once(facts, parent);
	return parent;
}

/*
 * libudev answers EINVAL to a link, which is no attribute, and from the second time on "none" to one that it
 * could not look at the first time.
 */
static int
why_no_attribute(struct udev_device *device, const char *name)
{
	int errnum = errno;
	char path[PATH_MAX];
	struct stat st;

	if (text_format(path, sizeof(path), "%s/%s", udev_device_get_syspath(device), name) < 0)
		return ENAMETOOLONG;
	if (lstat(path, &st) < 0)
		return errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	return facts_says_absent(errnum) ? EIO : errnum;
}

static const char *
attribute_of(struct facts *facts, struct udev_device *device, const char *name)
{
	errno = 0;
	const char *value = udev_device_get_sysattr_value(device, name);
	if (!value)
		errno = why_no_attribute(device, name);
	facts->is_withheld = is_error(facts, value) || facts->is_withheld;
	return value;
}

static const char *
driver_of(struct facts *facts, struct udev_device *device, const char *name)
{
	(void)name;
	return ask(facts, udev_device_get_driver, device);
}

/* Number index of those that the device and its parents have, upwards. */
static const char *
upwards(struct facts *facts, fact_of *fact, const char *name, size_t index)
{
	for (struct udev_device *device = facts->device; device; device = parent_of(facts, device)) {
		const char *value = fact(facts, device, name);
		if (value && index-- == 0)
			return value;
	}
	return NULL;
}

static const char *
list_at(struct udev_list_entry *entry, size_t index)
{
	for (; entry && index > 0; index--)
		entry = udev_list_entry_get_next(entry);
	return entry ? udev_list_entry_get_name(entry) : NULL;
}

/*
 * The device itself, before the hub that it is plugged into, which is one, too.  By hand, since libudev passes over
 * a parent that it can't read; all of USB's have a type, if their uevent can be read.
 */
static struct udev_device *
usb_device_of(struct facts *facts)
{
	for (struct udev_device *device = facts->device; device; device = parent_of(facts, device)) {
		const char *subsystem = ask(facts, udev_device_get_subsystem, device);
		if (!subsystem || strcmp(subsystem, "usb") != 0)
			continue;
		const char *devtype = ask(facts, udev_device_get_devtype, device);
		if (devtype && !strcmp(devtype, "usb_device"))
			return device;
		if (!devtype) {
			facts->errnum = facts->errnum ? facts->errnum : EACCES;
			facts->is_torn = true;
		}
	}
	return NULL;
}

static const char *
property_of(struct facts *facts, const char *name)
{
	const char *value = ask_property(facts, name);
	const char *attribute = value ? NULL : device_property_attribute(name);
	struct udev_device *usb = attribute ? usb_device_of(facts) : NULL;

	return usb ? attribute_of(facts, usb, attribute) : value;
}

static void
read_properties(struct facts *facts)
{
	(void)ask_property(facts, "DEVNAME");
}

/*
 * Since libudev 247.  A tag that udevd's rules no longer give stays among the others for as long as
 * the device is there.
 */
struct udev_list_entry *udev_device_get_current_tags_list_entry(struct udev_device *device)
    __attribute__((weak));

static const char *
tag_at(struct facts *facts, size_t index)
{
	read_properties(facts);
	return list_at(udev_device_get_current_tags_list_entry
	    ? udev_device_get_current_tags_list_entry(facts->device)
	    : udev_device_get_tags_list_entry(facts->device), index);
}

static const char *
devnode_at(struct facts *facts, size_t index)
{
	if (index == 0)
		return ask(facts, udev_device_get_devnode, facts->device);
	read_properties(facts);
	return list_at(udev_device_get_devlinks_list_entry(facts->device), index - 1);
}

static const char *
get(struct facts *facts, enum device_fact fact, const char *name, size_t index)
{
	switch (fact) {
	case DEVICE_DEVNODE:
		return devnode_at(facts, index);
	case DEVICE_TAG:
		return tag_at(facts, index);
	case DEVICE_ATTRIBUTES:
		return upwards(facts, attribute_of, name, index);
	case DEVICE_DRIVER:
		return upwards(facts, driver_of, name, index);
	case DEVICE_SUBSYSTEM:
		return index == 0 ? ask(facts, udev_device_get_subsystem, facts->device) : NULL;
	case DEVICE_SYSNAME:
		return index == 0 ? ask(facts, udev_device_get_sysname, facts->device) : NULL;
	case DEVICE_DEVTYPE:
		return index == 0 ? ask(facts, udev_device_get_devtype, facts->device) : NULL;
	case DEVICE_ATTRIBUTE:
		return index == 0 ? attribute_of(facts, facts->device, name) : NULL;
	case DEVICE_PROPERTY:
		return index == 0 ? property_of(facts, name) : NULL;
	case DEVICE_USER:
	case DEVICE_GROUP:
		break; /* of the login, and decided there */
	}
	return NULL;
}

const char *
facts_get(void *context, enum device_fact fact, const char *name, size_t index, bool *is_unknown)
{
	struct facts *facts = context;

	facts->is_withheld = index > 0 && facts->is_withheld;
	const char *value = get(facts, fact, name, index);
	*is_unknown = !value && (facts->is_torn || facts->is_withheld);
	return value;
}

bool
facts_are_read(struct facts *facts)
{
	(void)devnode_at(facts, 0);
	read_properties(facts);
	return !facts->is_torn;
}
