/*
 * What a root of one's own begins with where the host's file is not for the user's eyes: its
 * own password file without passwords, sudo's rules, empty locks and caches.  A layer between
 * the host's tree and what root inside changes; made anew for each container.
 */
#ifndef CONTAINER_SEED_H
#define CONTAINER_SEED_H

#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct seed_facts {
	uid_t root_uid;  /* what root inside is outside; other ids follow it */
	gid_t root_gid;
	uid_t uid;       /* the user's own, which are the same on both sides */
	gid_t gid;
	const gid_t *groups;
	size_t groups_count;
	bool sudo;       /* uid may become root inside without a password */
	bool nesting;    /* user namespaces may be made inside */
	const char *base; /* the unpacked tree, or NULL: the host's */
	const char *passwd; /* the user's line for a base, with its newline; "" if it needs none */
	const char *group;  /* lines */
};

#define SEED_ROWS 29

/* Which files there are to be. */
struct seed {
	bool wanted[SEED_ROWS];
};

/* To be called with the user's file system ids: what they can't read is wanted. */
void seed_look(const struct seed_facts *facts, struct seed *seed);

/* Makes the layer's tree below directory. */
int seed_make(int directory, const struct seed_facts *facts, const struct seed *seed,
    struct error *err);

/* *seed is its part for what is mounted on point, or -1: it has none there.  -1 with err: that can't be told. */
int seed_open(int directory, const char *point, int *seed, struct error *err);

/* 1 if it stands for the whole of what is mounted there, which is secret; else 0, or -1 with err. */
int seed_is_whole(int seed, struct error *err);

/*
 * text, a shadow(5) or gshadow(5), with each password replaced by "*", which no password
 * matches; the caller's.  NULL: no memory.
 */
char *seed_shadow(const char *text);

/* What /etc/sudoers is inside; the caller's.  NULL: no memory. */
char *seed_sudoers(uid_t uid, bool sudo);

/*
 * What /etc/subuid, or subgid, is inside: the host's lines name ids that are none there.  own is
 * the user's uid, or gid; the caller's.  NULL: no memory.
 */
char *seed_subid(uid_t uid, id_t own);

#endif
