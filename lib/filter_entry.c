/*
 * Checks an entry of the cache.  The file is root's, so it is not an enemy's; but half of it, a
 * flipped bit or another version's must not become a filter.
 */
#include "lib/filter_entry.h"

#include <errno.h>
#include <linux/filter.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#define HASHED offsetof(struct filter_entry_head, maker)

/* FNV-1a with words in place of bytes, which a login can afford; and more mixing at its end. */
uint64_t
filter_entry_hash(const void *bytes, size_t size)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325), word;
	const char *from = (const char *)bytes + HASHED;

	for (size_t at = HASHED; at + sizeof(word) <= size; at += sizeof(word), from += sizeof(word)) {
		memcpy(&word, from, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x100000001b3);
		hash ^= hash >> 29;
	}
	for (size_t at = size & ~(sizeof(word) - 1); at < size; at++, from++)
		hash = (hash ^ (unsigned char)*from) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

const struct filter_entry_text *
filter_entry_text(const void *bytes, size_t *cursor)
{
	const struct filter_entry_text *text;

	if (*cursor == 0)
		*cursor = FILTER_ENTRY_ALIGN(sizeof(struct filter_entry_head));
	text = (const void *)((const char *)bytes + *cursor);
	*cursor += sizeof(*text) + FILTER_ENTRY_ALIGN(text->length);
	return text;
}

static bool
texts_are_inside(const void *bytes, size_t size, uint32_t texts)
{
	size_t at = FILTER_ENTRY_ALIGN(sizeof(struct filter_entry_head));

	for (uint32_t i = 0; i < texts; i++) {
		const struct filter_entry_text *text = (const void *)((const char *)bytes + at);

		if (at > size || size - at < sizeof(*text) || text->length > FILTER_TEXT_MAX ||
		    size - at - sizeof(*text) < FILTER_ENTRY_ALIGN(text->length) ||
		    memchr(text->name, 0, sizeof(text->name)) == NULL)
			return false;
		at += sizeof(*text) + FILTER_ENTRY_ALIGN(text->length);
	}
	return texts > 0;
}

static bool
programs_are_inside(const struct filter_entry_head *head, size_t size)
{
	if (head->programs == 0 || head->programs > FILTER_PROGRAMS_MAX)
		return false;
	for (uint32_t i = 0; i < head->programs; i++) {
		const struct filter_entry_program *program = &head->program[i];

		if (program->count == 0 || program->count > FILTER_CODE_MAX || program->offset > size ||
		    size - program->offset < program->count * sizeof(struct sock_filter))
			return false;
	}
	return true;
}

int
filter_entry_check(const void *bytes, size_t size, struct error *err)
{
	const struct filter_entry_head *head = bytes;

	if (size < sizeof(*head) || size > FILTER_ENTRY_MAX || head->size != size ||
	    memcmp(head->magic, FILTER_ENTRY_MAGIC, sizeof(head->magic)) != 0)
		return error_set(err, 0, "is no compiled filter of this version");
	if (head->hash != filter_entry_hash(bytes, size))
		return error_set(err, 0, "is damaged");
	if (!texts_are_inside(bytes, size, head->texts) || !programs_are_inside(head, size))
		return error_set(err, 0, "points outside of itself");
	return 0;
}

int
filter_maker_at(const char *path, struct filter_maker *maker, struct error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return error_set(err, errno, "look at %s", path);
	*maker = (struct filter_maker) {
		.size = (uint64_t)st.st_size,
		.changed = (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec,
		.inode = st.st_ino,
	};
	return 0;
}
