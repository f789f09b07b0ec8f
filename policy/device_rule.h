/*
 * One rule of the key devices: which of the host's devices a user gets, or does not get.  Pure;
 * used where the policy is read and where devices are matched, so that both read it the same.
 *
 *	allow|deny WORD...
 *
 * Each WORD is NAME=PATTERN (glob(7)); all of a rule's must hold:
 *	subsystem sysname devnode devtype driver tag   what udev(7) calls so; devnode: "/dev/..."
 *	attr{NAME}    a sysfs attribute of the device's own
 *	attrs{NAME}   the same, or of one of the devices that it hangs on
 *	PROPERTY      in capitals: a property of udev's
 *	user group    who logs in, by name or number
 *	access        no pattern: r, w or rw (if it is not said); of what is allowed
 */
#ifndef POLICY_DEVICE_RULE_H
#define POLICY_DEVICE_RULE_H

#include "lib/subject.h"

#include <stdbool.h>
#include <stddef.h>

#define DEVICE_MATCHES_MAX 8
#define DEVICE_NAME_SIZE 64
#define DEVICE_PATTERN_SIZE 200
#define DEVICE_RULE_SIZE 1024

enum device_access {
	DEVICE_READ = 1 << 0,
	DEVICE_WRITE = 1 << 1
};

/* What can be asked of a device; some of it has a name, some several values. */
enum device_fact {
	DEVICE_SUBSYSTEM,
	DEVICE_SYSNAME,
	DEVICE_DEVNODE,    /* the node's path, then those of its links */
	DEVICE_DEVTYPE,
	DEVICE_DRIVER,
	DEVICE_TAG,
	DEVICE_ATTRIBUTE,
	DEVICE_ATTRIBUTES, /* the device's own, then its parents' */
	DEVICE_PROPERTY,
	DEVICE_USER,       /* these two are the login's, and not asked of devices */
	DEVICE_GROUP
};

struct device_match {
	enum device_fact fact;
	char name[DEVICE_NAME_SIZE];
	char pattern[DEVICE_PATTERN_SIZE];
};

struct device_rule {
	bool allows;
	unsigned access; /* enum device_access */
	struct device_match match[DEVICE_MATCHES_MAX];
	size_t matches;
};

/* False with reason where text is no rule. */
bool device_rule_parse(const char *text, struct device_rule *rule, char *reason, size_t size);

/* Whether the rule's user and group are the subject's, or it has none. */
bool device_rule_is_for(const struct device_rule *rule, const struct subject *subject);

/* As text, one blank between two words; with user and group, or for one login without. */
void device_rule_format(const struct device_rule *rule, bool with_login, char *text, size_t size);

/* One device, whoever knows it. */
struct device_facts {
	/* The fact's value number index, from 0; NULL: there are no more, or, if *is_unknown was set, nobody can tell. */
	const char *(*get)(void *context, enum device_fact fact, const char *name, size_t index, bool *is_unknown);
	void *context;
};

/*
 * The last rule that matches decides; without one, NULL, the device is not for this user.  What can't be
 * told of it holds in a rule that denies, and not in one that allows.
 */
const struct device_rule *device_rules_decide(const struct device_rule *rule, size_t count,
    const struct device_facts *facts);

/* The one device that a rule names by its path and nothing else, or NULL. */
const char *device_rule_path(const struct device_rule *rule);

/* Whether it names one device in full, besides whatever else it wants of it. */
bool device_rule_is_exact(const struct device_rule *rule);

/* A pattern that is a plain text. */
bool device_pattern_is_literal(const char *pattern);

/* What only udevd can tell, since it is in its database and not in sysfs; NULL: nothing. */
const char *device_rule_wants_udevd(const struct device_rule *rule);

/*
 * For a machine without udevd: what nobody can tell matches nothing in a rule that allows, and is
 * left out of one that denies, which then denies more.
 */
void device_rule_without_udevd(struct device_rule *rule);

/*
 * Properties that udevd takes from attributes of the USB device that a device hangs on: known
 * without it, too.  The attribute's name, or NULL.
 */
const char *device_property_attribute(const char *property);

/* Whether neither the kernel nor the device itself can tell it. */
bool device_property_is_udevds(const char *property);

#endif
