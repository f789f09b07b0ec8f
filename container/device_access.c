/*
 * v1's side: what is allowed is read from the kernel and changed to what is wanted, line by
 * line, so that a supervisor that took a container over needs to know nothing.
 */
#include "container/device_access.h"

#include "container/cgroup_file.h"
#include "lib/own.h"
#include "lib/text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* A line is at most "c 4095:1048575 rwm\n". */
#define LIST_MAX (DEVICE_NUMBERS_MAX * 24)

static bool
parse_part(const char *text, int *number)
{
	uint64_t value;

	if (!strcmp(text, "*")) {
		*number = DEVICE_ALL;
		return true;
	}
	if (!text_to_number(text, INT_MAX, &value))
		return false;
	*number = (int)value;
	return true;
}

bool
device_number_parse(const char *line, struct device_number *number)
{
	char copy[64], *cursor = copy;

	*number = (struct device_number) { .type = line[0] };
	if ((line[0] != 'c' && line[0] != 'b') || line[1] != ' ' ||
	    text_format(copy, sizeof(copy), "%s", line + 2) < 0)
		return false;
	char *major = strsep(&cursor, ":");
	char *minor = strsep(&cursor, " ");
	if (!minor || !cursor || !*cursor || strspn(cursor, "rwm") != strlen(cursor))
		return false;
	number->may = (strchr(cursor, 'r') ? DEVICE_MAY_READ : 0U) |
	    (strchr(cursor, 'w') ? DEVICE_MAY_WRITE : 0U) | (strchr(cursor, 'm') ? DEVICE_MAY_MKNOD : 0U);
	return parse_part(major, &number->major) && parse_part(minor, &number->minor) &&
	    number->major != DEVICE_ALL;
}

static bool
is_same(const struct device_number *a, const struct device_number *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

bool
device_numbers_add(struct device_numbers *numbers, struct device_number number)
{
	for (size_t i = 0; i < numbers->count; i++)
		if (is_same(&numbers->item[i], &number)) {
			numbers->item[i].may |= number.may;
			return true;
		}
	if (numbers->count == DEVICE_NUMBERS_MAX)
		return false;
	numbers->item[numbers->count++] = number;
	return true;
}

int
device_numbers_parse(struct device_numbers *numbers, const char *text, struct error *err)
{
	autofree char *copy = strdup(text);
	char *cursor = copy;

	if (!copy)
		return error_set(err, errno, "read a list of devices");
	for (char *line; (line = text_next_line(&cursor));) {
		struct device_number number;
		if (!device_number_parse(line, &number))
			return error_set(err, EINVAL, "\"%s\" is no device", line);
		if (!device_numbers_add(numbers, number))
			return error_set(err, E2BIG, "more than %d devices", DEVICE_NUMBERS_MAX);
	}
	return 0;
}

/* What the list lets be done to this very number; what it says of a whole major does not count. */
static unsigned
may_of(const struct device_numbers *numbers, const struct device_number *number)
{
	for (size_t i = 0; i < numbers->count; i++)
		if (is_same(&numbers->item[i], number))
			return numbers->item[i].may;
	return 0;
}

static int
write_number(int directory, const char *file, const struct device_number *number,
    struct error *err)
{
	char line[64], minor[16] = "*";

	if (number->minor != DEVICE_ALL)
		(void)text_format(minor, sizeof(minor), "%d", number->minor);
	(void)text_format(line, sizeof(line), "%c %d:%s %s%s%s", number->type, number->major, minor,
	    number->may & DEVICE_MAY_READ ? "r" : "", number->may & DEVICE_MAY_WRITE ? "w" : "",
	    number->may & DEVICE_MAY_MKNOD ? "m" : "");
	if (cgroup_file_write(directory, file, line) == 0)
		return 0;
	return error_set(err, errno, "write \"%s\" to %s%s", line, file,
	    errno == EPERM ? " (the cgroup above does not have it itself)" : "");
}

/* False: nobody limited it yet, and all devices are allowed. */
static bool
read_list(int directory, struct device_numbers *numbers, struct error *err, int *rc)
{
	autofree char *text = malloc(LIST_MAX);

	numbers->count = 0;
	*rc = -1;
	if (!text || cgroup_file_read(directory, "devices.list", text, LIST_MAX) < 0) {
		(void)error_set(err, errno, "read devices.list");
		return true;
	}
	if (text[0] == 'a') {
		*rc = 0;
		return false;
	}
	*rc = device_numbers_parse(numbers, text, err);
	return true;
}

/* What of list other lacks.  All of it, whatever the kernel says to one: err is the first's. */
static int
write_difference(int directory, const char *file, const struct device_numbers *list,
    const struct device_numbers *other, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct device_number rest = list->item[i];

		rest.may &= ~may_of(other, &rest);
		if (rest.may != 0 && write_number(directory, file, &rest, rc == 0 ? err : NULL) < 0)
			rc = -1;
	}
	return rc;
}

static int
prove(int directory, const struct device_numbers *wanted, struct device_numbers *now,
    struct error *err)
{
	int rc;

	if (!read_list(directory, now, err, &rc))
		return error_set(err, EPERM, "devices.list has all devices still");
	for (size_t i = 0; rc == 0 && i < now->count; i++)
		if (now->item[i].may & ~may_of(wanted, &now->item[i]))
			return error_set(err, EPERM, "devices.list has %c %d:%d still", now->item[i].type,
			    now->item[i].major, now->item[i].minor);
	for (size_t i = 0; rc == 0 && i < wanted->count; i++)
		if (wanted->item[i].may & ~may_of(now, &wanted->item[i]))
			return error_set(err, EPERM, "devices.list lacks %c %d:%d", wanted->item[i].type,
			    wanted->item[i].major, wanted->item[i].minor);
	return rc;
}

/* Refusals first: they must hold even if something can't be allowed. */
static int
v1_set(int directory, const struct device_numbers *wanted, struct error *err)
{
	autofree struct device_numbers *now = malloc(sizeof(*now));
	int rc;

	if (!now)
		return error_set(err, errno, "limit the devices");
	if (!read_list(directory, now, err, &rc) && cgroup_file_write(directory, "devices.deny", "a") < 0)
		return error_set(err, errno, "write \"a\" to devices.deny");
	if (rc < 0 || write_difference(directory, "devices.deny", now, wanted, err) < 0 ||
	    write_difference(directory, "devices.allow", wanted, now, err) < 0)
		return -1;
	return prove(directory, wanted, now, err);
}

int
device_access_set(const struct cgroups *cgroups, const struct device_numbers *numbers,
    struct error *err)
{
	const struct cgroup_place *unified = NULL;

	for (size_t i = 0; i < cgroups->count; i++) {
		const struct cgroup_place *place = &cgroups->place[i];

		if (place->unified)
			unified = place;
		else if (faccessat(place->fd, "devices.allow", F_OK, 0) == 0)
			return v1_set(place->fd, numbers, err) < 0 ?
			    error_prefix(err, "%s", place->directory) : 0;
		else if (errno != ENOENT)
			return error_set(err, errno, "look for %s/devices.allow", place->directory);
	}
	if (!unified)
		return 0;
	return device_program_set(unified->fd, numbers, err) < 0 ?
	    error_prefix(err, "%s", unified->directory) : 0;
}
