/*
 * One function a fact; the texts are libudev's, and the device's as long as it is.
 */
#include "devices/facts.h"

#include <string.h>

typedef const char *device_text(struct udev_device *device, const char *name);

static const char *
driver_of(struct udev_device *device, const char *name)
{
	(void)name;
	return udev_device_get_driver(device);
}

static const char *
attribute_of(struct udev_device *device, const char *name)
{
	return udev_device_get_sysattr_value(device, name);
}

/* Number index of those that the device and its parents have, upwards. */
static const char *
upwards(struct udev_device *device, device_text *text, const char *name, size_t index)
{
	for (; device; device = udev_device_get_parent(device)) {
		const char *value = text(device, name);
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

/* The device itself, before the hub that it is plugged into, which is one, too. */
static struct udev_device *
usb_device_of(struct udev_device *device)
{
	const char *devtype = udev_device_get_devtype(device);

	return devtype && !strcmp(devtype, "usb_device") ? device :
	    udev_device_get_parent_with_subsystem_devtype(device, "usb", "usb_device");
}

static const char *
property_of(struct udev_device *device, const char *name)
{
	const char *value = udev_device_get_property_value(device, name);
	const char *attribute = value ? NULL : device_property_attribute(name);
	struct udev_device *usb = attribute ? usb_device_of(device) : NULL;

	return usb ? udev_device_get_sysattr_value(usb, attribute) : value;
}

/*
 * Since libudev 247.  A tag that udevd's rules no longer give stays among the others for as long as
 * the device is there.
 */
struct udev_list_entry *udev_device_get_current_tags_list_entry(struct udev_device *device)
    __attribute__((weak));

static const char *
tag_at(struct udev_device *device, size_t index)
{
	return list_at(udev_device_get_current_tags_list_entry
	    ? udev_device_get_current_tags_list_entry(device)
	    : udev_device_get_tags_list_entry(device), index);
}

static const char *
devnode_at(struct udev_device *device, size_t index)
{
	return index == 0 ? udev_device_get_devnode(device) :
	    list_at(udev_device_get_devlinks_list_entry(device), index - 1);
}

const char *
facts_get(void *context, enum device_fact fact, const char *name, size_t index)
{
	struct udev_device *device = context;

	switch (fact) {
	case DEVICE_DEVNODE:
		return devnode_at(device, index);
	case DEVICE_TAG:
		return tag_at(device, index);
	case DEVICE_ATTRIBUTES:
		return upwards(device, attribute_of, name, index);
	case DEVICE_DRIVER:
		return upwards(device, driver_of, name, index);
	case DEVICE_SUBSYSTEM:
		return index == 0 ? udev_device_get_subsystem(device) : NULL;
	case DEVICE_SYSNAME:
		return index == 0 ? udev_device_get_sysname(device) : NULL;
	case DEVICE_DEVTYPE:
		return index == 0 ? udev_device_get_devtype(device) : NULL;
	case DEVICE_ATTRIBUTE:
		return index == 0 ? attribute_of(device, name) : NULL;
	case DEVICE_PROPERTY:
		return index == 0 ? property_of(device, name) : NULL;
	case DEVICE_USER:
	case DEVICE_GROUP:
		break; /* of the login, and decided there */
	}
	return NULL;
}
