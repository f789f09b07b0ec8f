/*
 * Reads names in sysfs, and whether udevd knows a device.
 */
#include "devices/subsystem.h"

#include "devices/facts.h"
#include "lib/own.h"
#include "lib/path.h"
#include "lib/text.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VIRTUAL "/sys/devices/virtual/"

/* Of the hardware that a device hangs on, or of udevd's: in the uevent file of none. */
static bool
is_of_hardware(const struct device_match *match)
{
	return match->fact == DEVICE_TAG || (match->fact == DEVICE_PROPERTY &&
	    (device_property_attribute(match->name) || device_property_is_udevds(match->name)));
}

/* udevd keeps a file for each device that it has something to say of. */
static bool
is_known_to_udevd(const char *syspath, const char *subsystem)
{
	char path[PATH_MAX], number[32] = "";

	if (text_format(path, sizeof(path), "%s/dev", syspath) < 0)
		return true;
	FILE *file = fopen(path, "re");
	if (!file)
		return true;
	char *line = fgets(number, sizeof(number), file);
	(void)fclose(file);
	number[strcspn(number, "\n")] = '\0';
	return !line || text_format(path, sizeof(path), "/run/udev/data/%c%s",
	    strcmp(subsystem, "block") == 0 ? 'b' : 'c', number) < 0 || access(path, F_OK) == 0 || errno != ENOENT;
}

static bool
can_match(const struct device_rule *rule, const char *syspath, const char *subsystem)
{
	bool is_virtual = !strncmp(syspath, VIRTUAL, strlen(VIRTUAL));

	for (size_t i = 0; i < rule->matches; i++) {
		const struct device_match *match = &rule->match[i];

		if (match->fact == DEVICE_SYSNAME && fnmatch(match->pattern, strrchr(syspath, '/') + 1, 0) != 0)
			return false;
		if (is_virtual && is_of_hardware(match) && !is_known_to_udevd(syspath, subsystem))
			return false;
	}
	return true;
}

/*
 * "../../devices/virtual/tty/tty1" -> "/sys/devices/virtual/tty/tty1", or "": it is no device, or no
 * longer there.
 */
static int
path_of(int directory, const char *name, char path[PATH_MAX])
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(directory, name, target, sizeof(target) - 1);
	const char *devices;

	path[0] = '\0';
	/* EINVAL: a file among the links, as class/net/bonding_masters. */
	if (length < 0)
		return facts_says_absent(errno) || errno == EINVAL ? 0 : -1;
	target[length] = '\0';
	devices = strstr(target, "devices/");
	if (devices && text_format(path, PATH_MAX, "/sys/%s", devices) < 0)
		path[0] = '\0';
	return 0;
}

struct entry {
	char name[NAME_MAX + 1];
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* Sorted, so that two looks at one machine tell the same.  *all is the caller's, whatever is answered. */
static int
read_entries(DIR *directory, struct entry **all, size_t *count)
{
	*count = 0;
	for (const struct dirent *entry; (entry = path_next_entry(directory));) {
		if (entry->d_name[0] == '.')
			continue;
		struct entry *more = realloc(*all, (*count + 1) * sizeof(*more));
		if (!more)
			return -1;
		*all = more;
		(void)text_format(more[(*count)++].name, sizeof(more->name), "%s", entry->d_name);
	}
	if (errno)
		return -1;
	if (*all)
		qsort(*all, *count, sizeof(**all), by_name);
	return 0;
}

static int
scan_directory(DIR *directory, const char *subsystem, const struct device_rule *rule,
    int (*take)(const char *syspath, void *context), void *context, struct error *err)
{
	char path[PATH_MAX];
	size_t count;
	autofree struct entry *entry = NULL;

	if (read_entries(directory, &entry, &count) < 0)
		return error_set(err, errno, "list the subsystem %s", subsystem);
	for (size_t i = 0; entry && i < count; i++) {
		if (path_of(dirfd(directory), entry[i].name, path) < 0)
			return error_set(err, errno, "look at %s of the subsystem %s", entry[i].name, subsystem);
		if (path[0] && can_match(rule, path, subsystem) && take(path, context) < 0)
			return error_set(err, errno, "take the device %s", path);
	}
	return 0;
}

int
subsystem_scan(const char *subsystem, const struct device_rule *rule,
    int (*take)(const char *syspath, void *context), void *context, struct error *err)
{
	/* A subsystem is a class or a bus; "usb" is a bus whose class has none of its devices. */
	static const char *const place[][2] = { { "class", "" }, { "bus", "/devices" } };

	for (size_t i = 0; i < sizeof(place) / sizeof(place[0]); i++) {
		char path[PATH_MAX];

		if (text_format(path, sizeof(path), "/sys/%s/%s%s", place[i][0], subsystem, place[i][1]) < 0)
			return error_set(err, errno, "name the subsystem %s", subsystem);
		DIR *directory = opendir(path);
		if (!directory && !facts_says_absent(errno))
			return error_set(err, errno, "open %s", path);
		if (!directory)
			continue;
		int rc = scan_directory(directory, subsystem, rule, take, context, err);
		(void)closedir(directory);
		if (rc < 0)
			return -1;
	}
	return 0;
}
