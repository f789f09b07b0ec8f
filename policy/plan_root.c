/*
 * struct policy -> the steps of a private user namespace and of a root of its own.  Pure.
 */
#include "policy/plan_root.h"

#include "lib/id_map.h"
#include "lib/own.h"
#include "lib/text.h"
#include "lib/text_stream.h"
#include "lib/upper_store.h"
#include "policy/draft.h"

#include <limits.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A map is taken by one write(2) of less than a page, user_namespaces(7). */
#define MAP_TEXT_MAX 4096

static int
format_map(const uint32_t *self, size_t count, uint32_t base, char *text, struct error *err)
{
	autofree struct id_map *map = malloc(sizeof(*map));

	if (!map)
		return error_set(err, ENOMEM, "map the container's ids");
	if (id_map_build(map, self, count, base, err) < 0)
		return -1;
	return id_map_format(map, text, MAP_TEXT_MAX, err);
}

/* The user's own groups, and tty's, to which login(1) and sshd give terminals. */
static int
format_gid_map(const struct subject *subject, const struct machine *machine, char *text,
    struct error *err)
{
	autofree uint32_t *self = calloc(subject->groups_count + 2, sizeof(*self));
	size_t count = 0;

	if (!self)
		return error_set(err, ENOMEM, "map the container's groups");
	for (size_t i = 0; i < subject->groups_count; i++)
		if (subject->groups[i].gid != 0) /* root's group is the container's root's */
			self[count++] = subject->groups[i].gid;
	if (subject->gid != 0)
		self[count++] = subject->gid;
	self[count++] = machine->tty_gid;
	return format_map(self, count, subject->subgid, text, err);
}

int
plan_user_namespace(const struct policy *policy, const struct subject *subject,
    const struct machine *machine, unsigned owned, struct plan *plan, struct error *err)
{
	autofree char *uid_map = calloc(1, MAP_TEXT_MAX);
	autofree char *gid_map = calloc(1, MAP_TEXT_MAX);
	uint32_t uid = (uint32_t)subject->uid;
	struct draft draft = {
		.step = { .phase = PHASE_CLONE, .kind = STEP_USER_NAMESPACE,
		    .flags = owned | (policy->nesting ? STEP_F_NESTING : 0),
		    .uid = subject->subuid, .gid = subject->subgid,
		    .because = "the user's ids are their own; all others, root's too, are nobody's outside" },
	};

	if (!uid_map || !gid_map)
		return error_set(err, ENOMEM, "map the container's ids");
	if (subject->subuid != 0) {
		if (format_map(&uid, 1, subject->subuid, uid_map, err) < 0 ||
		    format_gid_map(subject, machine, gid_map, err) < 0)
			return -1;
		draft.source = uid_map;
		draft.value = gid_map;
	}
	return draft_add(plan, draft, err);
}

int
plan_root_bind(struct plan *plan, const char *path, const char *because, struct error *err)
{
	struct draft draft = {
		.step = { .phase = PHASE_INSIDE, .kind = STEP_BIND, .because = because,
		    .flags = STEP_F_NOSUID | (path[0] == '-' ? STEP_F_OPTIONAL : 0) },
		.target = path[0] == '-' ? path + 1 : path,
		.source = path[0] == '-' ? path + 1 : path,
	};

	return draft_add(plan, draft, err);
}

static int
add_run(struct plan *plan, const struct policy *policy, struct error *err)
{
	for (size_t i = 0; i < policy->run.count; i++) {
		char path[PATH_MAX];
		if (text_format(path, sizeof(path), "/run/%s", policy->run.item[i]) < 0)
			return error_set(err, errno, "name %s below /run", policy->run.item[i]);
		struct draft draft = {
			.step = { .phase = PHASE_INSIDE, .kind = STEP_BIND, .because = "policy: run",
			    .flags = STEP_F_OPTIONAL | STEP_F_READ_ONLY | STEP_F_NOSUID },
			.target = path,
			.source = path,
		};
		if (draft_add(plan, draft, err) < 0)
			return -1;
	}
	return 0;
}

/* The upper is kept in a directory of its own for each base: they don't go together. */
static int
add_root_store(struct plan *plan, const struct policy *policy, const struct subject *subject,
    const struct plan_places *places, char *store, size_t size, struct error *err)
{
	char own[PATH_MAX];
	const char *const directory[] = { places->lib, own };

	if (text_format(own, sizeof(own), "%s/%u", places->lib, (unsigned)subject->uid) < 0 ||
	    text_format(store, size, "%s/%s", own,
	        policy->root_base ? UPPER_STORE_BASE : UPPER_STORE_ROOT) < 0)
		return error_set(err, errno, "name the root's upper directory");
	for (size_t i = 0; i < 2; i++) {
		struct draft draft = {
			.step = { .phase = PHASE_HOST, .kind = STEP_DIRECTORY, .mode = 0700,
			    .because = "what root inside changes is kept there" },
			.target = directory[i],
		};
		if (draft_add(plan, draft, err) < 0)
			return -1;
	}
	return 0;
}

/* Ten digits and a blank for each. */
static char *
format_groups(const struct subject *subject)
{
	const size_t size = (subject->groups_count + 1) * 12; /* a number and a blank each */
	char *text = calloc(1, size);
	size_t length = 0;

	for (size_t i = 0; text && i < subject->groups_count; i++)
		length += (size_t)snprintf(text + length, size - length, "%s%u", i > 0 ? " " : "",
		    (unsigned)subject->groups[i].gid);
	return text;
}

/* An unpacked tree knows neither the user nor the network it is in. */
static int
add_base(struct plan *plan, const struct subject *subject, struct error *err)
{
	autofree char *passwd = NULL;
	struct text_stream stream;
	FILE *out = text_stream_open(&stream);
	struct draft account = {
		.step = { .phase = PHASE_INSIDE, .kind = STEP_ACCOUNT, .because = "an unpacked tree knows no user" },
	};
	struct draft resolver = {
		.step = { .phase = PHASE_INSIDE, .kind = STEP_BIND, .flags = STEP_F_READ_ONLY | STEP_F_OPTIONAL,
		    .because = "names are looked up as on the host" },
		.target = "/etc/resolv.conf",
		.source = "/etc/resolv.conf",
	};

	for (size_t i = 0; out && i < subject->groups_count; i++)
		if (subject->groups[i].name[0])
			(void)fprintf(out, "%s:x:%u:%s\n", subject->groups[i].name,
			    (unsigned)subject->groups[i].gid, subject->user);
	autofree char *group = out ? text_stream_close(&stream, out, NULL) : NULL;
	if (!group || asprintf(&passwd, "%s:x:%u:%u::%s:%s\n", subject->user,
	        (unsigned)subject->uid, (unsigned)subject->gid, subject->home, subject->shell) < 0) {
		passwd = NULL; /* asprintf(3) leaves anything in it */
		return error_set(err, ENOMEM, "write the user's lines");
	}
	account.source = passwd;
	account.value = group;
	if (strpbrk(subject->user, ":\n,") == NULL && draft_add(plan, account, err) < 0)
		return -1;
	return draft_add(plan, resolver, err);
}

static const char *const root_because[] = {
	[ROOT_READ_ONLY] = "the host's files with the container's owners, and no way to change them",
	[ROOT_OVERLAY] = "what root inside changes lies in the upper; the host's files are read as the user",
	[ROOT_EPHEMERAL] = "what root inside changes goes with the container",
};

int
plan_root(const struct policy *policy, const struct subject *subject,
    const struct plan_places *places, struct plan *plan, struct error *err)
{
	char store[PATH_MAX] = "";
	autofree char *groups = format_groups(subject);
	struct draft draft = {
		.step = { .phase = PHASE_INSIDE, .kind = STEP_ROOT, .root = policy->root,
		    .uid = subject->uid, .gid = subject->gid, .size = policy->root_size,
		    .flags = (policy->setuid ? 0 : STEP_F_NOSUID) | (policy->sudo ? STEP_F_SUDO : 0),
		    .because = root_because[policy->root] },
		.target = "/",
		.source = policy->root_base,
		.groups = groups,
	};

	if (policy->root == ROOT_HOST)
		return 0;
	if (!groups)
		return error_set(err, ENOMEM, "list the user's groups");
	if (policy->root == ROOT_OVERLAY) {
		if (add_root_store(plan, policy, subject, places, store, sizeof(store), err) < 0)
			return -1;
		draft.value = store;
	}
	if (draft_add(plan, draft, err) < 0 ||
	    (policy->root_base && add_base(plan, subject, err) < 0))
		return -1;
	return add_run(plan, policy, err);
}

int
plan_root_pivot(const struct policy *policy, struct plan *plan, struct error *err)
{
	struct draft draft = {
		.step = { .phase = PHASE_INSIDE, .kind = STEP_PIVOT,
		    .because = "nothing of the host's tree is left to be reached" },
		.target = "/",
	};

	return policy->root == ROOT_HOST ? 0 : draft_add(plan, draft, err);
}
