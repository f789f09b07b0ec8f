/*
 * utmp and wtmp of a container, which its users write, mirrored into the host's, which all who(1)
 * and last(1) read.  What is told on must have no byte that speaks to a terminal and no user but
 * ours, and the host's file must keep whole records, whatever was in it.
 * An input: the container's record, then the host's file.
 */
#include "fuzz.h"

#include "container/utmp.h"
#include "lib/own.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define UID 1000

static void
check_field(const char *field, size_t size)
{
	for (size_t i = 0; i < size && field[i]; i++)
		fuzz_check(field[i] > ' ' && field[i] < 127, "byte %#x", (unsigned char)field[i]);
}

static int
make_file(const void *bytes, size_t size)
{
	int fd = memfd_create("utmp", MFD_CLOEXEC);

	fuzz_check(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	return fd;
}

/* As glibc's readers do: records counted from the start. */
static size_t
count_line(int fd, const char *line, size_t *whole)
{
	struct error err = ERROR_INIT;
	autofree struct utmp_record *records = NULL;
	size_t found = 0;

	fuzz_check(utmp_read(fd, 0, UTMP_RECORDS_MAX, &records, whole, &err) == 0, "%s", err.text);
	for (size_t i = 0; i < *whole; i++)
		found += records[i].type >= UTMP_INIT && records[i].type <= UTMP_DEAD &&
		    strncmp(records[i].line, line, UTMP_LINE) == 0;
	return found;
}

static void
check_put(int fd, struct utmp_record *record, const char *line)
{
	struct error err = ERROR_INIT;
	size_t before, after;
	size_t had = count_line(fd, line, &before);
	int rc = utmp_put(fd, record, &err);

	if (rc != 0) {
		fuzz_check(rc == 1 || err.text[0]);
		return;
	}
	size_t has = count_line(fd, line, &after);
	fuzz_check(record->id[0] != '\0');
	/* What was there is written over; the record's type may be none that has a terminal. */
	fuzz_check(after >= before && after <= before + 1 && has <= had + 1);
	fuzz_check(utmp_put_end(fd, record, record->time, &err) == 0, "%s", err.text);
	fuzz_check(count_line(fd, line, &after) >= has, "who ended is there still, as one that did");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct utmp_record inside = { .type = 0 };
	size_t first = size < UTMP_SIZE ? size : UTMP_SIZE;
	char line[UTMP_LINE + 1], host_line[UTMP_LINE + 1];
	struct error err = ERROR_INIT;
	struct stat st;

	memcpy(&inside, data, first);
	utmp_line(&inside, line);
	check_field(line, sizeof(line));
	if (!line[0] || utmp_rename(host_line, UID, line) < 0)
		return 0;
	fuzz_check(utmp_is_renamed(host_line, UID) && strlen(host_line) <= UTMP_LINE);
	struct utmp_record record = utmp_translate(&inside, "alice", host_line, 1);
	check_field(record.line, UTMP_LINE);
	check_field(record.host, UTMP_HOST);
	fuzz_check(utmp_is_of(&record, "alice") && !utmp_is_marked(&record));
	autofd int fd = make_file(data + first, size - first);
	check_put(fd, &record, host_line);
	utmp_mark(&record);
	fuzz_check(utmp_is_marked(&record));
	fuzz_check(utmp_append(fd, &record, &err) == 0, "%s", err.text);
	fuzz_check(fstat(fd, &st) == 0 && st.st_size % UTMP_SIZE == 0, "a part of a record is left");
	own_close(&fd);
	fuzz_same_descriptors();
	return 0;
}
