/*
 * ctrctl reload: has each supervisor look at the policy again.  The users' groups are NSS's
 * business, which a supervisor has not.
 */
#include "ctl/account.h"
#include "ctl/changes.h"
#include "ctl/command.h"
#include "ctl/view.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reload {
	bool dry_run;
	struct json *json; /* NULL: in words */
	char *packet;      /* owned; WIRE_PACKET_MAX bytes */
	char *text;        /* owned; WIRE_TEXT_MAX bytes */
};

/* The policy that a container was built by; 1: there is no container. */
static int
find_policy(uid_t uid, char *path, size_t size, struct error *err)
{
	struct view view = VIEW_INIT;
	int rc = view_read(uid, &view, err);

	if (rc == 0 && text_format(path, size, "%s", view.record.policy_path[0] ?
	        view.record.policy_path : PLACE_POLICY) < 0)
		rc = error_set(err, errno, "name the policy");
	view_free(&view);
	return rc;
}

static int
pack(const struct reload *reload, const char *user, const char *path, long *length,
    struct error *err)
{
	struct subject subject = SUBJECT_INIT;
	/* The supervisor knows which service the container was built for. */
	int rc = account_subject(user, "sshd", &subject, err);

	if (rc == 0) {
		*length = wire_pack_reload(reload->packet, WIRE_PACKET_MAX, &subject, path,
		    reload->dry_run ? WIRE_ORDER_DRY_RUN : 0, err);
		rc = *length < 0 ? -1 : 0;
	}
	subject_free(&subject);
	return rc;
}

static int
reload_one(const struct reload *reload, const struct order *order)
{
	char path[PATH_MAX];
	struct error err = ERROR_INIT;
	long length = 0;
	int rc = find_policy(order->uid, path, sizeof(path), &err);

	if (rc > 0)
		return complain(CTL_NO, "reload: %s has no container", order->user);
	if (rc < 0 || pack(reload, order->user, path, &length, &err) < 0)
		return err.errnum == ENOENT ? complain(CTL_NO, "reload: %s", err.text) :
		    complain_error("reload", &err);
	int code = order_give_packet(order, reload->packet, (unsigned long)length, reload->text);
	if (code == CTL_OK && reload->json)
		changes_json(order, reload->text, reload->dry_run, NULL, reload->json);
	else if (code == CTL_OK)
		changes_print(order, reload->text, reload->dry_run, "is as the policy says");
	return code;
}

static int
reload_named(const struct reload *reload, const char *const *user)
{
	int code = CTL_OK, one;

	for (; *user; user++) {
		struct order order;
		one = order_prepare("reload", *user, &order);
		if (one == CTL_OK)
			one = reload_one(reload, &order);
		code = one > code ? one : code;
	}
	return code;
}

/* One that ends meanwhile is not complained of: it was not named. */
static int
reload_all(const struct reload *reload)
{
	autofree uid_t *uids = NULL;
	struct error err = ERROR_INIT;
	size_t count;
	int code = CTL_OK, one;

	if (view_uids(&uids, &count, &err) < 0)
		return complain_error("reload", &err);
	for (size_t i = 0; i < count; i++) {
		char path[PATH_MAX], name[256];
		const struct order order = { .command = "reload", .user = name, .uid = uids[i] };
		struct error ignored = ERROR_INIT;
		if (find_policy(uids[i], path, sizeof(path), &ignored) > 0)
			continue;
		account_name(uids[i], name, sizeof(name));
		one = reload_one(reload, &order);
		code = one > code ? one : code;
	}
	return code;
}

int
command_reload(const struct options *options)
{
	struct json json = { .out = stdout };
	autofree char *packet = malloc(WIRE_PACKET_MAX), *text = malloc(WIRE_TEXT_MAX);
	struct reload reload = { .dry_run = options->dry, .json = options->json ? &json : NULL,
		.packet = packet, .text = text };
	int code = caller_check("reload");

	if (code != CTL_OK)
		return code;
	if (!packet || !text)
		return complain(CTL_FAILED, "reload: no memory");
	if (options->json)
		json_list(&json, NULL);
	code = options->operand[0] ? reload_named(&reload, options->operand) : reload_all(&reload);
	if (options->json)
		json_list_end(&json);
	return output_end(code);
}
