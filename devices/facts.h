/*
 * What rules ask of a device, answered by libudev: from udevd's database where it runs, else from
 * sysfs.
 */
#ifndef DEVICES_FACTS_H
#define DEVICES_FACTS_H

#include "policy/device_rule.h"

#include <libudev.h>

/* A device that is asked. */
struct facts {
	struct udev_device *device;
	int errnum;        /* why something of it can't be told; 0: all could */
	bool is_torn;      /* libudev lacks something of it for good, and says so once */
	bool is_withheld;  /* by an attribute's driver, of the question under way */
};

/* For struct device_facts; context is a struct facts. */
const char *facts_get(void *context, enum device_fact fact, const char *name, size_t index, bool *is_unknown);

/*
 * Whether libudev has read what it has of the device, its node and links included: it keeps some of its
 * errors to itself, and the device then merely lacks something.
 */
bool facts_are_read(struct facts *facts);

/* Whether an error of sysfs or libudev says that there is no such thing, or no longer. */
bool facts_says_absent(int errnum);

#endif
