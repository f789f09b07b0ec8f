/*
 * ctrctl doctor: the PAM stacks of this host.  Reads the files that libpam would; judging is
 * ctl/pam_verdict.c's.
 */
#include "ctl/doctor.h"

#include "ctl/pam_verdict.h"
#include "lib/own.h"
#include "lib/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define AREA "pam"
#define FILE_MAX (256 << 10)

static const char *const directories[] = { "/etc/pam.d", "/usr/lib/pam.d" };

/* What a service does with a session, and so what it means that pam_ctr is not asked. */
enum service_kind {
	SERVICE_LOGIN,   /* runs programs as a user who asks for it */
	SERVICE_BECOME,  /* the same, for who is on the host already */
	SERVICE_ROOT,    /* only root calls it, or it shows a login screen */
	SERVICE_NONE     /* runs no program of the user's */
};

static const struct service {
	const char *name;
	enum service_kind kind;
	const char *program; /* NULL: where its file is, it is in use */
} services[] = {
	{ "sshd", SERVICE_LOGIN, "/usr/sbin/sshd" }, { "dropbear", SERVICE_LOGIN, "/usr/sbin/dropbear" },
	{ "login", SERVICE_LOGIN, "/bin/login" }, { "remote", SERVICE_LOGIN, NULL },
	{ "rlogin", SERVICE_LOGIN, NULL }, { "rsh", SERVICE_LOGIN, NULL }, { "telnet", SERVICE_LOGIN, NULL },
	{ "cron", SERVICE_LOGIN, "/usr/sbin/cron" }, { "crond", SERVICE_LOGIN, NULL },
	{ "atd", SERVICE_LOGIN, "/usr/sbin/atd" }, { "xrdp-sesman", SERVICE_LOGIN, NULL },
	{ "lightdm", SERVICE_LOGIN, NULL }, { "lightdm-autologin", SERVICE_LOGIN, NULL },
	{ "gdm-password", SERVICE_LOGIN, NULL }, { "gdm-autologin", SERVICE_LOGIN, NULL },
	{ "gdm-fingerprint", SERVICE_LOGIN, NULL }, { "gdm-smartcard", SERVICE_LOGIN, NULL },
	{ "sddm", SERVICE_LOGIN, NULL }, { "sddm-autologin", SERVICE_LOGIN, NULL },
	{ "xdm", SERVICE_LOGIN, NULL }, { "lxdm", SERVICE_LOGIN, NULL }, { "slim", SERVICE_LOGIN, NULL },
	{ "greetd", SERVICE_LOGIN, NULL }, { "tigervnc", SERVICE_LOGIN, NULL },
	{ "cockpit", SERVICE_LOGIN, NULL }, { "jupyterhub", SERVICE_LOGIN, NULL },
	{ "slurm", SERVICE_LOGIN, NULL }, { "rstudio", SERVICE_LOGIN, NULL },
	{ "vsftpd", SERVICE_LOGIN, NULL }, { "proftpd", SERVICE_LOGIN, NULL },
	{ "pure-ftpd", SERVICE_LOGIN, NULL }, { "ftp", SERVICE_LOGIN, NULL },
	{ "systemd-user", SERVICE_LOGIN, "/run/systemd/system" },
	{ "su", SERVICE_BECOME, "/bin/su" }, { "su-l", SERVICE_BECOME, "/bin/su" },
	{ "sudo", SERVICE_BECOME, "/usr/bin/sudo" }, { "sudo-i", SERVICE_BECOME, "/usr/bin/sudo" },
	{ "doas", SERVICE_BECOME, "/usr/bin/doas" }, { "run0", SERVICE_BECOME, NULL },
	{ "samba", SERVICE_BECOME, NULL }, { "dovecot", SERVICE_BECOME, NULL },
	{ "runuser", SERVICE_ROOT, NULL }, { "runuser-l", SERVICE_ROOT, NULL },
	{ "gdm-launch-environment", SERVICE_ROOT, NULL }, { "lightdm-greeter", SERVICE_ROOT, NULL },
	{ "sddm-greeter", SERVICE_ROOT, NULL }, { "ppp", SERVICE_ROOT, NULL },
	{ "passwd", SERVICE_NONE, NULL }, { "chfn", SERVICE_NONE, NULL }, { "chsh", SERVICE_NONE, NULL },
	{ "chpasswd", SERVICE_NONE, NULL }, { "newusers", SERVICE_NONE, NULL },
	{ "chage", SERVICE_NONE, NULL }, { "groupmems", SERVICE_NONE, NULL },
	{ "useradd", SERVICE_NONE, NULL }, { "userdel", SERVICE_NONE, NULL },
	{ "usermod", SERVICE_NONE, NULL }, { "polkit-1", SERVICE_NONE, NULL },
	{ "cups", SERVICE_NONE, NULL }, { "screen", SERVICE_NONE, NULL }, { "vlock", SERVICE_NONE, NULL },
	{ "xscreensaver", SERVICE_NONE, NULL }, { "other", SERVICE_NONE, NULL },
};

/* What was read, kept until the end: includes are read again and again. */
struct text_file {
	char name[NAME_MAX + 1];
	char *text; /* owned; NULL: there is none */
};

struct files {
	struct text_file *item; /* owned */
	size_t count;
};

static char *
read_text(const char *path)
{
	autofd int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	autofree char *text = fd < 0 ? NULL : calloc(1, FILE_MAX + 1);
	ssize_t got = 0, length = 0;

	while (text && length < FILE_MAX && (got = read(fd, text + length, (size_t)(FILE_MAX - length))) > 0)
		length += got;
	return got < 0 ? NULL : take_ptr(&text);
}

static char *
read_named(const char *name)
{
	char path[PATH_MAX];
	char *text = NULL;

	if (name[0] == '/')
		return read_text(name);
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]) && !text; i++)
		if (text_format(path, sizeof(path), "%s/%s", directories[i], name) == 0)
			text = read_text(path);
	return text;
}

static const char *
file_of(const char *name, void *context)
{
	struct files *files = context;

	for (size_t i = 0; i < files->count; i++)
		if (!strcmp(files->item[i].name, name))
			return files->item[i].text;
	struct text_file *more = reallocarray(files->item, files->count + 1, sizeof(*more));
	if (!more)
		return NULL;
	files->item = more;
	more += files->count;
	if (text_format(more->name, sizeof(more->name), "%s", name) < 0)
		return NULL;
	more->text = read_named(name);
	files->count++;
	return more->text;
}

static void
files_free(struct files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->item[i].text);
	free(files->item);
}

static const struct service *
find_service(const char *name)
{
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (!strcmp(services[i].name, name))
			return &services[i];
	return NULL;
}

/* Session lines that nobody has the module in. */
static void
judge_missing(struct findings *findings, const char *name, const struct pam_stack *stack)
{
	const struct service *service = find_service(name);
	const char *of = stack->is_other ? " (its session lines are those of \"other\")" : "";

	if (!service) {
		finding_add(findings, FINDING_WARN, AREA, name, "has no pam_ctr.so in its session stack%s, and is "
		    "none that is known here", of);
		finding_advise(findings, "if users can get programs run by it, they are outside: add "
		    "\"session required pam_ctr.so\" as its last session line");
		return;
	}
	if (service->program && access(service->program, F_OK) < 0) {
		finding_add(findings, FINDING_NOTE, AREA, name, "has no pam_ctr.so%s; %s is not here", of,
		    service->program);
		return;
	}
	switch (service->kind) {
	case SERVICE_LOGIN:
		finding_add(findings, FINDING_FAIL, AREA, name, "has no pam_ctr.so in its session stack%s: users get "
		    "programs run outside by it", of);
		finding_advise(findings, "add \"session required pam_ctr.so\" as the last session line of %s/%s, below "
		    "every include", directories[0], name);
		break;
	case SERVICE_BECOME:
		finding_add(findings, FINDING_WARN, AREA, name, "has no pam_ctr.so in its session stack%s: who is on the "
		    "host (an exempt user, root) becomes another user outside", of);
		finding_advise(findings, "add the line, last, if such programs are to be contained, too");
		break;
	case SERVICE_ROOT:
		finding_add(findings, FINDING_NOTE, AREA, name, "has no pam_ctr.so: only root calls it");
		break;
	case SERVICE_NONE:
		break;
	}
}

static void
name_after(const struct pam_stack *stack, size_t at, bool serious, char *names, size_t size)
{
	names[0] = '\0';
	for (size_t i = at + 1; i < stack->count; i++) {
		bool is_serious = false;
		const char *why = stack->entry[i].is_substack ? NULL :
		    pam_verdict_after(stack->entry[i].module, &is_serious);
		size_t length = strlen(names);

		if (why && is_serious == serious && !strstr(names, stack->entry[i].module))
			(void)snprintf(names + length, size - length, "%s%s %s", length ? "; " : "",
			    stack->entry[i].module, why);
	}
}

static void
judge_after(struct findings *findings, const char *name, const struct pam_stack *stack, size_t at)
{
	char names[400];

	name_after(stack, at, true, names, sizeof(names));
	if (names[0]) {
		finding_add(findings, FINDING_WARN, AREA, name, "modules behind pam_ctr.so, inside: %s", names);
		finding_advise(findings, "make pam_ctr.so the last session line");
	}
	name_after(stack, at, false, names, sizeof(names));
	if (names[0])
		finding_add(findings, FINDING_NOTE, AREA, name, "behind pam_ctr.so, inside: %s", names);
}

static void
judge_placed(struct findings *findings, const char *name, const struct pam_stack *stack,
    const struct pam_verdict *verdict)
{
	const struct pam_entry *entry = &stack->entry[verdict->at];
	const struct pam_entry *by = verdict->skipped_by < stack->count ? &stack->entry[verdict->skipped_by] : NULL;

	if (verdict->may_be_skipped) {
		finding_add(findings, FINDING_FAIL, AREA, name, "logins can get past pam_ctr.so (%s:%u)%s%s, line %u of %s",
		    entry->file, entry->line, by ? ": after " : "", by ? by->module : "", by ? by->line : 0,
		    by ? by->file : entry->file);
		finding_advise(findings, "no \"sufficient\", \"done\" or jump of a session line may lead past it");
	} else if (verdict->may_be_ignored) {
		finding_add(findings, FINDING_FAIL, AREA, name, "a login that pam_ctr.so refuses is let in uncontained "
		    "(%s:%u)", entry->file, entry->line);
		finding_advise(findings, "its control must be \"required\": session required pam_ctr.so");
	} else {
		finding_add(findings, FINDING_OK, AREA, name, "pam_ctr.so is asked (%s:%u)", entry->file, entry->line);
	}
	if (verdict->may_be_missing) {
		finding_add(findings, FINDING_WARN, AREA, name, "\"-session\" (%s:%u): where the module's file is missing, "
		    "logins are let in uncontained", entry->file, entry->line);
		finding_advise(findings, "write \"session\" without the dash");
	}
	judge_after(findings, name, stack, verdict->at);
}

static void
judge_service(struct findings *findings, const char *name, struct files *files, struct pam_stack *stack)
{
	const struct service *service = find_service(name);
	struct pam_verdict verdict;

	if (!strncmp(name, "common-", strlen("common-")))
		return; /* for others to include */
	pam_stack_read(name, file_of, files, stack);
	if (stack->broken[0]) {
		finding_add(findings, FINDING_WARN, AREA, name, "libpam refuses all of it: %s", stack->broken);
		finding_advise(findings, "mend the file: nobody gets in by it");
		return;
	}
	pam_verdict_of(stack, &verdict);
	if (verdict.has_module)
		judge_placed(findings, name, stack, &verdict);
	else if (stack->count > 0 || (service && service->kind == SERVICE_LOGIN))
		judge_missing(findings, name, stack);
}

/* The names of all files in the directories, each once. */
struct names {
	char (*item)[NAME_MAX + 1]; /* owned */
	size_t count;
};

static int
compare_names(const void *left, const void *right)
{
	return strcmp(left, right);
}

static void
add_name(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->item[i], name))
			return;
	char (*more)[NAME_MAX + 1] = reallocarray(names->item, names->count + 1, sizeof(*more));
	if (!more)
		return;
	names->item = more;
	(void)text_format(more[names->count++], sizeof(*more), "%s", name);
}

/* What dpkg and editors leave is no service. */
static bool
is_service_name(const char *name)
{
	return name[0] != '.' && !strchr(name, '~') && !strstr(name, ".dpkg-") && !strstr(name, ".rpm");
}

static void
list_directory(struct names *names, const char *path)
{
	DIR *directory = opendir(path);

	if (!directory)
		return;
	for (struct dirent *entry; (entry = readdir(directory));)
		if (is_service_name(entry->d_name))
			add_name(names, entry->d_name);
	(void)closedir(directory);
}

void
doctor_pam(struct findings *findings)
{
	autofree struct pam_stack *stack = calloc(1, sizeof(*stack));
	struct names names = { .item = NULL, .count = 0 };
	struct files files = { .item = NULL, .count = 0 };
	struct stat st;

	if (stat(directories[0], &st) < 0 || !stack) {
		finding_add(findings, FINDING_WARN, AREA, directories[0], "is not there; /etc/pam.conf is not judged");
		return;
	}
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		list_directory(&names, directories[i]);
	if (names.count > 0)
		qsort(names.item, names.count, sizeof(*names.item), compare_names);
	for (size_t i = 0; i < names.count; i++)
		judge_service(findings, names.item[i], &files, stack);
	free(names.item);
	files_free(&files);
}
