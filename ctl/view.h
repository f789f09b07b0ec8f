/*
 * A container as ctrctl sees it: its record, checked against the kernel, and its use.
 * Looks only; as root.
 */
#ifndef CTL_VIEW_H
#define CTL_VIEW_H

#include "ctl/attention.h"
#include "ctl/json.h"
#include "lib/error.h"
#include "lib/record.h"
#include "lib/usage.h"

#include <stdbool.h>

enum view_state {
	VIEW_ALIVE,
	VIEW_ORPHANED, /* its supervisor is dead; sessions go on, the next login adopts it */
	VIEW_DEAD,      /* its init is dead */
	VIEW_NO_RECORD, /* a directory only: being built, or left over */
	VIEW_BROKEN,    /* a record that can't be read: problem says why */
	VIEW_STATES
};

struct view {
	enum view_state state;
	struct record record;  /* uid and user are always filled */
	bool init_alive;
	bool supervisor_alive;
	bool frozen;           /* by ctrctl freeze */
	bool *session_alive;   /* owned; of record.session[i] */
	struct usage usage;
	char problem[512];
};

#define VIEW_INIT { .record = RECORD_INIT, .session_alive = NULL }

const char *view_state_name(enum view_state state);

/* Of its state, and of being frozen. */
enum attention view_attention(const struct view *view);

/* 0: filled, view_free() is the caller's; 1: there is no container of uid; -1: err. */
int view_read(uid_t uid, struct view *view, struct error *err);

/* All uids with a directory below PLACE_RUN, ascending; *uids is the caller's to free(). */
int view_uids(uid_t **uids, size_t *count, struct error *err);

/* All names in a directory that are uids, likewise. */
int view_uids_in(const char *path, uid_t **uids, size_t *count, struct error *err);

/* Use and limits: in words, and as the member usage. */
void view_print_usage(const struct usage *usage);
void view_usage_json(const struct usage *usage, struct json *json);

/* The container as a JSON object, the same in list and in show. */
void view_json(const struct view *view, struct json *json);

void view_free(struct view *view);

#endif
