/*
 * An entry of the cache of compiled filters, which a login loads into the kernel: once it is taken
 * for a whole one, its offsets and counts are used as they are.  No fuzzer guesses a sum, so the
 * sum and the size are made right here, after the input was seen with its own.
 */
#include "fuzz.h"

#include "lib/filter_entry.h"
#include "lib/own.h"

#include <linux/filter.h>
#include <stdio.h>
#include <string.h>

/* Every byte that somebody would look at; a sum, so that it is done. */
static unsigned
look_at_all(const unsigned char *bytes)
{
	const struct filter_entry_head *head = (const void *)bytes;
	unsigned sum = 0;
	size_t cursor = 0;

	for (uint32_t i = 0; i < head->texts; i++) {
		const struct filter_entry_text *text = filter_entry_text(bytes, &cursor);
		sum += (unsigned)strlen(text->name);
		for (uint64_t k = 0; k < text->length; k++)
			sum += ((const unsigned char *)(text + 1))[k];
	}
	for (uint32_t i = 0; i < head->programs; i++)
		for (size_t k = 0; k < head->program[i].count * sizeof(struct sock_filter); k++)
			sum += bytes[head->program[i].offset + k];
	return sum;
}

static void
check(const void *bytes, size_t size)
{
	struct error err = ERROR_INIT;
	char seen[16];

	if (filter_entry_check(bytes, size, &err) == 0)
		(void)snprintf(seen, sizeof(seen), "%u", look_at_all(bytes));
	else
		fuzz_check(err.text[0]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree unsigned char *bytes = malloc(size + 1);

	fuzz_check(bytes != NULL);
	memcpy(bytes, data, size);
	check(bytes, size);
	if (size >= sizeof(struct filter_entry_head)) {
		struct filter_entry_head *head = (void *)bytes;
		memcpy(head->magic, FILTER_ENTRY_MAGIC, sizeof(head->magic));
		head->size = (uint32_t)size;
		head->hash = filter_entry_hash(bytes, size);
		check(bytes, size);
	}
	return 0;
}
