/*
 * What rules ask of a device, answered by libudev: from udevd's database where it runs, else from
 * sysfs.
 */
#ifndef DEVICES_FACTS_H
#define DEVICES_FACTS_H

#include "policy/device_rule.h"

#include <libudev.h>

/* For struct device_facts; context is a struct udev_device. */
const char *facts_get(void *context, enum device_fact fact, const char *name, size_t index);

#endif
