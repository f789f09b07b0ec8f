/*
 * Texts and programs one behind the other.  Pure.
 */
#include "filter/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static size_t
entry_size(const struct compiled *compiled, const struct sources *sources)
{
	size_t size = FILTER_ENTRY_ALIGN(sizeof(struct filter_entry_head));

	for (size_t i = 0; i < sources->count; i++)
		size += sizeof(struct filter_entry_text) + FILTER_ENTRY_ALIGN(sources->source[i].length);
	for (size_t i = 0; i < compiled->count; i++)
		size += compiled->program[i].count * sizeof(struct sock_filter);
	return size;
}

static char *
texts_pack(const struct sources *sources, char *to)
{
	for (size_t i = 0; i < sources->count; i++) {
		const struct source *source = &sources->source[i];
		struct filter_entry_text text = { .length = source->length };

		memcpy(text.name, source->name, strlen(source->name));
		memcpy(to, &text, sizeof(text));
		memcpy(to + sizeof(text), source->text, source->length);
		to += sizeof(text) + FILTER_ENTRY_ALIGN(source->length);
	}
	return to;
}

void *
entry_pack(const struct compiled *compiled, const struct sources *sources, bool nesting,
    const struct filter_maker *maker, size_t *size, struct error *err)
{
	*size = entry_size(compiled, sources);
	char *bytes = calloc(1, *size);
	struct filter_entry_head *head = (void *)bytes;

	if (!bytes) {
		(void)error_set(err, errno, "pack the filter");
		return NULL;
	}
	*head = (struct filter_entry_head) {
		.maker = *maker, .size = (uint32_t)*size, .nesting = nesting,
		.texts = (uint32_t)sources->count, .programs = (uint32_t)compiled->count,
		.probe_number = SYS_prctl, .probe_argument = FILTER_PROBE,
		.probe_errno = FILTER_PROBE_ERRNO,
	};
	memcpy(head->magic, FILTER_ENTRY_MAGIC, sizeof(head->magic));
	char *to = texts_pack(sources, bytes + FILTER_ENTRY_ALIGN(sizeof(*head)));
	for (size_t i = 0; i < compiled->count; i++) {
		const struct program *program = &compiled->program[i];
		size_t length = program->count * sizeof(*program->code);

		head->program[i] = (struct filter_entry_program) { (uint32_t)(to - bytes),
			(uint32_t)program->count, program->logs };
		memcpy(to, program->code, length);
		to += length;
	}
	head->hash = filter_entry_hash(bytes, *size);
	return bytes;
}
