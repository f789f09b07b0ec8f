/*
 * A subid source for tests: what libsubid loads where nsswitch.conf says "subid: test".  The
 * user's name is what it answers.
 */
#include <shadow/subid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT enum subid_status shadow_subid_has_range(const char *owner, unsigned long start,
    unsigned long count, enum subid_type type, bool *result);
EXPORT enum subid_status shadow_subid_list_owner_ranges(const char *owner, enum subid_type type,
    struct subid_range **ranges, int *count);
EXPORT enum subid_status shadow_subid_find_subid_owners(unsigned long id, enum subid_type type,
    uid_t **owners, int *count);

static const struct {
	char owner[8];
	enum subid_type type;
	struct subid_range range;
} table[] = {
	{ "alice", ID_TYPE_UID, { 700000, 10 } },
	{ "alice", ID_TYPE_UID, { 900000, 65536 } },
	{ "alice", ID_TYPE_UID, { 800000, 70000 } },
	{ "alice", ID_TYPE_GID, { 500000, 65537 } },
	{ "bob", ID_TYPE_UID, { 1000000, 65536 } },
	{ "low", ID_TYPE_UID, { 65535, 65536 } },
	{ "low", ID_TYPE_GID, { 200000, 65536 } },
	{ "huge", ID_TYPE_UID, { 4294901760, 65536 } },
	{ "huge", ID_TYPE_GID, { 200000, 65536 } },
	{ "far", ID_TYPE_UID, { 4294967296, 65536 } },
	{ "far", ID_TYPE_GID, { 200000, 65536 } },
	{ "wide", ID_TYPE_UID, { 200000, ~0UL } },
	{ "wide", ID_TYPE_GID, { 200000, 65536 } },
	{ "shared", ID_TYPE_UID, { 3000000, 65536 } },
	{ "shared", ID_TYPE_GID, { 3000000, 65536 } },
	{ "noisy", ID_TYPE_UID, { 400000, 65536 } },
	{ "noisy", ID_TYPE_GID, { 400000, 65536 } },
};

#define ROWS (sizeof(table) / sizeof(table[0]))

enum subid_status
shadow_subid_has_range(const char *owner, unsigned long start, unsigned long count,
    enum subid_type type, bool *result)
{
	(void)owner, (void)start, (void)count, (void)type;
	*result = false;
	return SUBID_STATUS_ERROR;
}

enum subid_status
shadow_subid_list_owner_ranges(const char *owner, enum subid_type type,
    struct subid_range **ranges, int *count)
{
	*ranges = calloc(ROWS, sizeof(**ranges));
	*count = 0;
	if (strcmp(owner, "down") == 0 || !*ranges)
		return SUBID_STATUS_ERROR_CONN;
	if (strcmp(owner, "hangs") == 0)
		for (;;)
			(void)pause();
	if (strcmp(owner, "noisy") == 0) {
		(void)printf("hello\n");
		(void)fprintf(stderr, "connecting\n");
	}
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].type == type && strcmp(table[i].owner, owner) == 0)
			(*ranges)[(*count)++] = table[i].range;
	return SUBID_STATUS_SUCCESS;
}

/* 3000000 belongs to uid 7; of others it does not know. */
enum subid_status
shadow_subid_find_subid_owners(unsigned long id, enum subid_type type, uid_t **owners, int *count)
{
	(void)type;
	*owners = NULL;
	*count = 0;
	if (id != 3000000)
		return SUBID_STATUS_ERROR;
	*owners = malloc(sizeof(**owners));
	if (!*owners)
		return SUBID_STATUS_ERROR;
	(*owners)[(*count)++] = 7;
	return SUBID_STATUS_SUCCESS;
}
