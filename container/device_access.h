/*
 * What processes of a container may open of the host's devices, by their numbers: enforced by
 * the kernel wherever a node lies and whoever made it.  cgroup v1's devices controller, or a
 * BPF program on the cgroup2 directory.  The supervisor's, as root on the host.
 */
#ifndef CONTAINER_DEVICE_ACCESS_H
#define CONTAINER_DEVICE_ACCESS_H

#include "container/cgroup.h"
#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>

enum device_may {
	DEVICE_MAY_READ = 1 << 0, /* as enum device_access, policy/device_rule.h */
	DEVICE_MAY_WRITE = 1 << 1,
	DEVICE_MAY_MKNOD = 1 << 2
};

#define DEVICE_ALL (-1)

struct device_number {
	char type;    /* 'c' or 'b' */
	int major;
	int minor;    /* DEVICE_ALL: all of the major's */
	unsigned may; /* enum device_may */
};

#define DEVICE_NUMBERS_MAX 1024

struct device_numbers {
	struct device_number item[DEVICE_NUMBERS_MAX];
	size_t count;
};

/*
 * A line of v1's devices.list: "c 1:3 rwm".  False: it is none, or "a *:* rwm", which is what a
 * cgroup has that nobody limited yet.
 */
bool device_number_parse(const char *line, struct device_number *number);

/* Adds a number, or what it may do to the one that is there; false: there are too many. */
bool device_numbers_add(struct device_numbers *numbers, struct device_number number);

/* Adds the lines of text. */
int device_numbers_parse(struct device_numbers *numbers, const char *text, struct error *err);

/*
 * Makes numbers all that is allowed, in the container's cgroup of v1's hierarchy if it has one,
 * else on cgroup2, and reads that back.  Without either (the plan has no STEP_DEVICE_LIST then)
 * nothing is done.  What is allowed before and after stays so all the time.
 * devices.rst, cgroup-v2.rst; bpf(2).
 */
int device_access_set(const struct cgroups *cgroups, const struct device_numbers *numbers,
    struct error *err);

/* container/device_program.c: the same on a cgroup2 directory. */
int device_program_set(int directory, const struct device_numbers *numbers, struct error *err);

#endif
