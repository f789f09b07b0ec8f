/*
 * The host's syslog as "ctrctl log" reads it: lines have what users and remote sides chose in
 * them, and other programs' lines imitate ours.  The file is read as it is, by its descriptor;
 * what goes to a terminal must not speak to it.
 */
#include "fuzz.h"

#include "ctl/log_file.h"
#include "ctl/log_line.h"
#include "lib/own.h"
#include "lib/sys.h"

#include <string.h>

#define NOW 1795716000 /* what year a line without one is of must not hang on today */

static void
check_line(const char *text, void *context)
{
	autofree struct log_line *line = malloc(sizeof(*line));
	char event[64], key[32], value[128], shown[256];
	const char *cursor;

	(void)context;
	fuzz_check(line != NULL && strlen(text) < LOG_LINE_MAX && !strchr(text, '\n'));
	if (!log_line_parse(text, NOW, line))
		return;
	fuzz_check(memchr(line->text, '\0', sizeof(line->text)) && line->text[0]);
	fuzz_check(strstr(text, "pam_ctr"), "%s", text);
	log_event(line->text, event, sizeof(event));
	fuzz_check(!strchr(event, '='), "%s", event);
	for (cursor = line->text; log_field(&cursor, key, sizeof(key), value, sizeof(value));) {
		fuzz_check(key[0] && strlen(key) < sizeof(key) && strlen(value) < sizeof(value));
		fuzz_check(cursor > line->text && cursor <= line->text + strlen(line->text));
		fuzz_check(fuzz_is_printable(log_escape(value, shown, sizeof(shown))), "%s", shown);
	}
	(void)log_is_of(line->text, "alice", 1000);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_sandbox(NULL);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = ERROR_INIT;
	autofree struct log_file *file = malloc(sizeof(*file));

	fuzz_check(file != NULL);
	*file = (struct log_file)LOG_FILE_INIT;
	fuzz_write("log", data, size);
	fuzz_check(log_file_open(file, "log", 0, &err) == 0, "%s", err.text);
	fuzz_check(log_file_read(file, check_line, NULL, &err) == 0, "%s", err.text);
	log_file_close(file);
	fuzz_same_descriptors();
	return 0;
}
