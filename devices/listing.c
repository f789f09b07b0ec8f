/*
 * Each rule that allows is a question to sysfs, as narrow as libudev lets it be: a scan of all
 * devices costs a login tens of milliseconds, one of a subsystem less than one.  All rules
 * together then decide about what is found.
 */
#include "devices/listing.h"

#include "devices/facts.h"
#include "devices/subsystem.h"
#include "lib/own.h"
#include "lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char dev[] = "/dev/";

static struct listed *
find(const struct listing *listing, const char *syspath)
{
	for (size_t i = 0; i < listing->count; i++)
		if (!strcmp(listing->device[i].syspath, syspath))
			return &listing->device[i];
	return NULL;
}

static struct listed *
append(struct listing *listing, const char *syspath)
{
	struct listed *more = realloc(listing->device, (listing->count + 1) * sizeof(*more));

	if (!more)
		return NULL;
	listing->device = more;
	more[listing->count] = (struct listed) { .is_seen = false };
	(void)text_format(more[listing->count].syspath, sizeof(more->syspath), "%s", syspath);
	return &more[listing->count++];
}

static bool
has_node(const struct listing *listing, const char *node)
{
	for (size_t i = 0; i < listing->count; i++)
		if (!strcmp(listing->device[i].node, node))
			return true;
	return false;
}

/* A node may be listed twice: by its path alone, and since its driver was loaded as a device. */
static int
tell_removed(struct listing *listing, struct listed *listed)
{
	struct device_message message = { .news = DEVICE_NEWS_REMOVE };

	memcpy(message.node, listed->node, sizeof(message.node));
	*listed = listing->device[--listing->count];
	return has_node(listing, message.node) ? 0 : listing->tell(&message, listing->context);
}

/* What does not fit is left out as a whole: half a name would lead elsewhere. */
static void
add_links(struct udev_device *device, char *links, size_t size)
{
	struct udev_list_entry *entry = udev_device_get_devlinks_list_entry(device);
	size_t length = 0;

	for (; entry; entry = udev_list_entry_get_next(entry)) {
		const char *name = udev_list_entry_get_name(entry);
		if (strncmp(name, dev, strlen(dev)) != 0 || strchr(name, '\n'))
			continue;
		if (text_format(links + length, size - length, "%s\n", name + strlen(dev)) < 0)
			links[length] = '\0';
		else
			length += strlen(links + length);
	}
}

/* --- what can't be looked at ----------------------------------------------------------------- */

static bool
is_there(const char *path)
{
	return access(path, F_OK) == 0 || errno != ENOENT;
}

/* libudev takes a uevent that it must not read for an empty one; who has a number has a node. */
static bool
has_number(const char *syspath)
{
	char path[PATH_MAX];

	return text_format(path, sizeof(path), "%s/dev", syspath) == 0 && is_there(path);
}

/* errnum: libudev's, which may say that there is none of what is there. */
static void
leave_out(struct listing *listing, const char *path, int errnum)
{
	left_out_add(&listing->left_out, path, facts_says_absent(errnum) ? EACCES : errnum);
}

static int
tell_left_out(struct listing *listing)
{
	struct device_message message = { .news = DEVICE_NEWS_FAULT };

	return left_out_tell(&listing->left_out, message.links, sizeof(message.links)) ?
	    listing->tell(&message, listing->context) : 0;
}

/* --- what there is ----------------------------------------------------------------------------- */

/* False: it has no node, or one that can't be told. */
static bool
describe(struct udev_device *device, const struct device_rule *rule,
    struct device_message *message)
{
	const char *node = udev_device_get_devnode(device);
	const char *subsystem = udev_device_get_subsystem(device);
	dev_t number = udev_device_get_devnum(device);

	*message = (struct device_message) {
		.news = DEVICE_NEWS_ADD, .access = rule->access, .exact = device_rule_is_exact(rule),
		.major = major(number), .minor = minor(number),
		.block = subsystem && !strcmp(subsystem, "block"),
	};
	if (!node || number == 0 || strlen(udev_device_get_syspath(device)) >= DEVICE_SYSPATH_SIZE || strncmp(node, dev, strlen(dev)) != 0 ||
	    text_format(message->node, sizeof(message->node), "%s", node + strlen(dev)) < 0)
		return false;
	add_links(device, message->links, sizeof(message->links));
	return true;
}

/* Whether the user gets it, and as what. */
static bool
decide(struct listing *listing, struct udev_device *device, struct device_message *message)
{
	struct facts facts = { .device = device };
	const struct device_facts asked = { .get = facts_get, .context = &facts };
	const char *syspath = udev_device_get_syspath(device);

	errno = 0;
	if (!udev_device_get_devnode(device)) {
		int errnum = errno;
		if (has_number(syspath))
			leave_out(listing, syspath, errnum);
		return false;
	}
	const struct device_rule *rule = device_rules_decide(listing->rule, listing->rules, &asked);
	bool is_given = rule && rule->allows && facts_are_read(&facts) && describe(device, rule, message);
	/* What has gone since has no facts to deny it by, and its number may be another's. */
	if (!is_there(syspath))
		is_given = false;
	else if (!is_given && facts.errnum != 0) {
		leave_out(listing, syspath, facts.errnum);
		return false;
	}
	left_out_forget(&listing->left_out, syspath);
	return is_given;
}

static int
take(struct listing *listing, struct udev_device *device, bool is_removed)
{
	struct device_message message;
	struct listed *listed = find(listing, udev_device_get_syspath(device));

	if (is_removed)
		left_out_forget(&listing->left_out, udev_device_get_syspath(device));
	if (is_removed || !decide(listing, device, &message))
		return listed ? tell_removed(listing, listed) : 0;
	if (!listed)
		listed = append(listing, udev_device_get_syspath(device));
	if (!listed)
		return -1;
	memcpy(listed->node, message.node, sizeof(listed->node));
	listed->is_seen = true;
	return listing->tell(&message, listing->context);
}

int
listing_take_news(struct listing *listing, struct udev_device *device, bool is_removed)
{
	return take(listing, device, is_removed) < 0 ? -1 : tell_left_out(listing);
}

/* Found by another rule before: once is enough. */
static int
take_path(struct listing *listing, const char *syspath)
{
	const struct listed *known = find(listing, syspath);
	struct udev_device *device;
	int rc;

	if (known && known->is_seen)
		return 0;
	device = udev_device_new_from_syspath(listing->udev, syspath);
	if (!device && !facts_says_absent(errno))
		leave_out(listing, syspath, errno);
	if (!device)
		return 0; /* gone meanwhile */
	rc = take(listing, device, false);
	udev_device_unref(device);
	return rc;
}

static int
narrow(struct udev_enumerate *scan, const struct device_match *match)
{
	switch (match->fact) {
	case DEVICE_SUBSYSTEM:
		return udev_enumerate_add_match_subsystem(scan, match->pattern);
	case DEVICE_SYSNAME:
		return udev_enumerate_add_match_sysname(scan, match->pattern);
	case DEVICE_TAG:
		return device_pattern_is_literal(match->pattern) ?
		    udev_enumerate_add_match_tag(scan, match->pattern) : 0;
	case DEVICE_ATTRIBUTE: /* what can't be read would be no match, without a word */
	case DEVICE_DEVNODE:
	case DEVICE_DEVTYPE:
	case DEVICE_DRIVER:
	case DEVICE_ATTRIBUTES:
	case DEVICE_PROPERTY: /* libudev knows none of udevd's own where there is no udevd */
	case DEVICE_USER:
	case DEVICE_GROUP:
		break;
	}
	return 0;
}

/* A literal one of the rule's, or NULL. */
static const char *
subsystem_of(const struct device_rule *rule)
{
	for (size_t i = 0; i < rule->matches; i++)
		if (rule->match[i].fact == DEVICE_SUBSYSTEM &&
		    device_pattern_is_literal(rule->match[i].pattern))
			return rule->match[i].pattern;
	return NULL;
}

static int
take_found(const char *syspath, void *listing)
{
	return take_path(listing, syspath);
}

static int
scan_rule(struct listing *listing, const struct device_rule *rule, struct error *err)
{
	const char *subsystem = subsystem_of(rule);
	struct udev_enumerate *scan;
	int rc;

	if (subsystem && !strchr(subsystem, '/'))
		return subsystem_scan(subsystem, rule, take_found, listing, err);
	scan = udev_enumerate_new(listing->udev);
	rc = scan ? 0 : -1;

	for (size_t i = 0; rc >= 0 && i < rule->matches; i++)
		rc = narrow(scan, &rule->match[i]);
	if (rc >= 0)
		rc = udev_enumerate_scan_devices(scan);
	struct udev_list_entry *entry = rc >= 0 ? udev_enumerate_get_list_entry(scan) : NULL;
	for (; rc >= 0 && entry; entry = udev_list_entry_get_next(entry))
		rc = take_path(listing, udev_list_entry_get_name(entry));
	if (scan)
		udev_enumerate_unref(scan);
	return rc < 0 ? error_set(err, rc == -1 ? errno : -rc, "look for devices in /sys") : 0;
}

/*
 * A driver that is loaded when its node is opened (fuse, tun, loop-control) has a node, made
 * at boot by kmod or devtmpfs, but may have no device yet.
 */
static int
take_node_alone(struct listing *listing, const struct device_rule *rule, const char *path,
    const struct stat *st)
{
	struct device_message message = {
		.news = DEVICE_NEWS_ADD, .access = rule->access, .exact = true, .block = S_ISBLK(st->st_mode),
		.major = major(st->st_rdev), .minor = minor(st->st_rdev),
	};
	struct listed *listed = find(listing, path);

	if (!listed)
		listed = append(listing, path);
	if (!listed || text_format(message.node, sizeof(message.node), "%s", path + strlen(dev)) < 0)
		return -1;
	memcpy(listed->node, message.node, sizeof(listed->node));
	listed->is_seen = true;
	return listing->tell(&message, listing->context);
}

/* A later rule may deny what this one names: with no device to ask, only by its path. */
static const char *
path_get(void *path, enum device_fact fact, const char *name, size_t index, bool *is_unknown)
{
	(void)name;
	*is_unknown = false;
	return fact == DEVICE_DEVNODE && index == 0 ? path : NULL;
}

/* libudev has more than one word for "none": the kernel's list of numbers tells. */
static bool
has_device(const struct stat *st)
{
	char path[64];

	return text_format(path, sizeof(path), "/sys/dev/%s/%u:%u", S_ISBLK(st->st_mode) ? "block" : "char", major(st->st_rdev),
	    minor(st->st_rdev)) == 0 && is_there(path);
}

static int
take_node(struct listing *listing, const char *path)
{
	const struct device_facts facts = { .get = path_get, .context = (void *)(uintptr_t)path };
	const struct device_rule *rule;
	struct stat st;
	struct udev_device *device;
	int rc;

	if (stat(path, &st) < 0) {
		if (!facts_says_absent(errno))
			leave_out(listing, path, errno);
		return 0;
	}
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return 0;
	device = udev_device_new_from_devnum(listing->udev, S_ISBLK(st.st_mode) ? 'b' : 'c', st.st_rdev);
	if (!device) {
		int errnum = errno;
		if (has_device(&st)) {
			leave_out(listing, path, errnum);
			return 0;
		}
		rule = device_rules_decide(listing->rule, listing->rules, &facts);
		return rule && rule->allows ? take_node_alone(listing, rule, path, &st) : 0;
	}
	rc = take(listing, device, false);
	udev_device_unref(device);
	return rc;
}

int
listing_scan(struct listing *listing, struct error *err)
{
	for (size_t i = 0; i < listing->count; i++)
		listing->device[i].is_seen = false;
	for (size_t i = 0; i < listing->rules; i++) {
		const struct device_rule *rule = &listing->rule[i];
		const char *path = device_rule_path(rule);

		if (!rule->allows)
			continue;
		if (path ? take_node(listing, path) < 0 : scan_rule(listing, rule, err) < 0)
			return path ? error_set(err, errno, "look at %s", path) : -1;
	}
	for (size_t i = listing->count; i-- > 0;)
		if (!listing->device[i].is_seen && tell_removed(listing, &listing->device[i]) < 0)
			return error_set(err, errno, "tell what is gone");
	if (tell_left_out(listing) < 0)
		return error_set(err, errno, "tell what can't be looked at");
	return 0;
}

bool
listing_subsystems(const struct listing *listing,
    void (*each)(const char *subsystem, void *context), void *context)
{
	for (size_t i = 0; i < listing->rules; i++)
		if (listing->rule[i].allows && !subsystem_of(&listing->rule[i]))
			return false;
	for (size_t i = 0; i < listing->rules; i++)
		if (listing->rule[i].allows)
			each(subsystem_of(&listing->rule[i]), context);
	return true;
}

void
listing_free(struct listing *listing)
{
	free(listing->device);
	left_out_free(&listing->left_out);
	if (listing->udev)
		udev_unref(listing->udev);
	listing->device = NULL;
	listing->udev = NULL;
	listing->count = 0;
}
