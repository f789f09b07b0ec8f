/*
 * Runs as root inside the PAM caller, on the host's side of the join: NSS is loaded and read
 * here and never again, because afterwards its files would be the container's.
 */
#include "pam_ctr/subject_pam.h"

#include "lib/own.h"
#include "lib/text.h"

#include <grp.h>
#include <pwd.h>
#include <security/pam_ext.h>
#include <security/pam_modutil.h>
#include <string.h>

/* Copies a PAM item or a passwd field; what does not fit is refused, never cut. */
static int
copy_field(char *field, size_t size, const char *value, const char *what, struct error *err)
{
	if (text_format(field, size, "%s", value ? value : "") < 0)
		return error_set(err, 0, "%s is longer than %zu bytes", what, size - 1);
	return 0;
}

static const char *
pam_text(pam_handle_t *pamh, int item)
{
	const void *value = NULL;

	return pam_get_item(pamh, item, &value) == PAM_SUCCESS ? value : NULL;
}

static const char *
without_dev(const char *tty)
{
	return tty && !strncmp(tty, "/dev/", 5) ? tty + 5 : tty;
}

static bool
is_printable(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name <= ' ' || *name == 127)
			return false;
	return true;
}

int
subject_from_pam(pam_handle_t *pamh, struct subject *subject, struct error *err)
{
	const char *user = pam_text(pamh, PAM_USER);
	char shown[128];

	if (!user || !*user)
		return error_set(err, 0, "PAM names no user");
	(void)text_escape(user, shown, sizeof(shown));
	/* Names go into logs, the policy's look-up and host names: odd bytes are nobody's name. */
	if (!is_printable(user))
		return error_set(err, 0, "user name \"%s\" has blanks or control bytes", shown);
	if (copy_field(subject->user, sizeof(subject->user), user, "the user's name", err) < 0)
		return -1;
	const struct passwd *entry = pam_modutil_getpwnam(pamh, user);
	if (!entry)
		return error_set(err, 0, "user %s has no passwd entry", shown);
	subject->uid = entry->pw_uid;
	subject->gid = entry->pw_gid;
	if (copy_field(subject->home, sizeof(subject->home), entry->pw_dir, "the home's name", err) < 0 ||
	    copy_field(subject->shell, sizeof(subject->shell), entry->pw_shell, "the shell", err) < 0 ||
	    copy_field(subject->service, sizeof(subject->service), pam_text(pamh, PAM_SERVICE),
	        "PAM_SERVICE", err) < 0 ||
	    copy_field(subject->tty, sizeof(subject->tty), without_dev(pam_text(pamh, PAM_TTY)),
	        "PAM_TTY", err) < 0 ||
	    copy_field(subject->rhost, sizeof(subject->rhost), pam_text(pamh, PAM_RHOST),
	        "PAM_RHOST", err) < 0)
		return -1;
	return 0;
}

static gid_t *
list_gids(const struct subject *subject, int *count, struct error *err)
{
	for (int room = 64; room <= SUBJECT_GROUPS_MAX; room *= 4) {
		gid_t *gids = calloc((size_t)room, sizeof(*gids));
		if (!gids) {
			(void)error_set(err, errno, "list the groups of %s", subject->user);
			return NULL;
		}
		*count = room;
		if (getgrouplist(subject->user, subject->gid, gids, count) >= 0)
			return gids;
		free(gids);
	}
	(void)error_set(err, 0, "user %s is in more than %d groups", subject->user,
	    SUBJECT_GROUPS_MAX);
	return NULL;
}

int
subject_add_groups(pam_handle_t *pamh, struct subject *subject, struct error *err)
{
	int count;
	autofree gid_t *gids = list_gids(subject, &count, err);

	if (!gids)
		return -1;
	subject->groups = calloc((size_t)count + 1, sizeof(*subject->groups));
	if (!subject->groups)
		return error_set(err, errno, "list the groups of %s", subject->user);
	for (int i = 0; i < count; i++) {
		struct subject_group *group = &subject->groups[subject->groups_count++];
		const struct group *entry = pam_modutil_getgrgid(pamh, gids[i]);
		group->gid = gids[i];
		/* A longer name can't be in a policy either; "" matches none. */
		if (!entry || text_format(group->name, sizeof(group->name), "%s", entry->gr_name) < 0)
			group->name[0] = '\0';
	}
	return 0;
}
