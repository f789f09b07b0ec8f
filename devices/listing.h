/*
 * The devices that match: found, remembered, and told to whoever listens.
 */
#ifndef DEVICES_LISTING_H
#define DEVICES_LISTING_H

#include "devices/left_out.h"
#include "lib/device_wire.h"
#include "lib/error.h"
#include "policy/device_rule.h"

#include <libudev.h>
#include <stdbool.h>

#define LISTING_RULES_MAX 64
#define DEVICE_SYSPATH_SIZE 1024

struct listed {
	char syspath[DEVICE_SYSPATH_SIZE]; /* what a device is known by */
	char node[DEVICE_NODE_SIZE];
	bool is_seen;
};

struct listing {
	struct udev *udev;     /* owned */
	struct device_rule rule[LISTING_RULES_MAX];
	size_t rules;
	struct listed *device; /* owned */
	size_t count;
	struct left_out left_out;
	/* Returns -1 to stop. */
	int (*tell)(const struct device_message *message, void *context);
	void *context;
};

/*
 * Looks at all devices that rules can be about; those that are gone are told to be, and so is, in a
 * sentence, how many could not be looked at: they are not listed.
 */
int listing_scan(struct listing *listing, struct error *err);

/* One device of which there is news; the same. */
int listing_take_news(struct listing *listing, struct udev_device *device, bool is_removed);

/* Whether events of this subsystem alone matter: calls each() for each of them, or returns false. */
bool listing_subsystems(const struct listing *listing, void (*each)(const char *subsystem, void *context),
    void *context);

void listing_free(struct listing *listing);

#endif
