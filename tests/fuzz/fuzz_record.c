/*
 * A container's record as the next supervisor and ctrctl read it: root's file, but one that a full
 * /run, an older version or a wrong hand may have left in any state.  What is taken must be
 * whole, every text must end in its field, and what is written of it must read as the same.
 */
#include "fuzz.h"

#include "lib/own.h"
#include "lib/record.h"
#include "lib/sys.h"

#include <string.h>
#include <sys/stat.h>

static int here = -1;

#define ENDS(field) fuzz_check(memchr((field), '\0', sizeof(field)) != NULL)

static void
check_record(const struct record *record)
{
	fuzz_check(record->uid != (uid_t)-1 && record->init.pid > 0, "kill(2) takes 0 and -1 for many");
	fuzz_check(record->supervisor.pid >= 0);
	ENDS(record->user);
	ENDS(record->home);
	ENDS(record->policy_path);
	ENDS(record->service);
	ENDS(record->set);
	ENDS(record->devices);
	for (size_t i = 0; i < sizeof(record->cgroup) / sizeof(record->cgroup[0]); i++)
		ENDS(record->cgroup[i]);
	for (size_t i = 0; i < record->sessions; i++) {
		fuzz_check(record->session[i].caller.pid > 0);
		ENDS(record->session[i].id);
		ENDS(record->session[i].service);
		ENDS(record->session[i].tty);
		ENDS(record->session[i].rhost);
	}
}

static char *
read_text(void)
{
	struct error err = ERROR_INIT;
	char *text = record_read_text(here, RECORD_NAME, &err);

	fuzz_check(text != NULL, "%s", err.text);
	return text;
}

/* Written, read, and written once more: the same text. */
static void
write_again(const struct record *record)
{
	struct error err = ERROR_INIT;
	autofree struct record *other = malloc(sizeof(*other));

	fuzz_check(other != NULL);
	*other = (struct record)RECORD_INIT;
	fuzz_check(record_write(here, record, &err) == 0, "%s", err.text);
	autofree char *first = read_text();
	fuzz_check(record_read(here, other, &err) == 0, "%s\n%s", err.text, first);
	fuzz_check(record_write(here, other, &err) == 0, "%s", err.text);
	autofree char *second = read_text();
	fuzz_check(!strcmp(first, second), "%s--- and then\n%s", first, second);
	record_free(other);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_sandbox(NULL);
	here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fuzz_check(here >= 0);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = ERROR_INIT;
	autofree struct record *record = malloc(sizeof(*record));

	fuzz_check(record != NULL);
	*record = (struct record)RECORD_INIT;
	fuzz_write(RECORD_NAME, data, size);
	if (record_read(here, record, &err) == 0) {
		check_record(record);
		write_again(record);
	} else {
		fuzz_check(err.text[0] && record->sessions == 0 && record->session == NULL);
	}
	record_free(record);
	fuzz_same_descriptors();
	return 0;
}
