/*
 * What of a name is a character.  Pure.
 */
#include "ctl/utf8.h"

size_t
utf8_length(const unsigned char *text)
{
	/* By the first byte: the length, and what the second may be (no overlong, no surrogate). */
	static const struct {
		unsigned char first, last, length, low, high;
	} forms[] = {
		{ 0x00, 0x7f, 1, 0, 0 },
		{ 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
		{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f },
		{ 0xee, 0xef, 3, 0x80, 0xbf }, { 0xf0, 0xf0, 4, 0x90, 0xbf },
		{ 0xf1, 0xf3, 4, 0x80, 0xbf }, { 0xf4, 0xf4, 4, 0x80, 0x8f },
	};
	size_t i = 0, at;

	while (i < sizeof(forms) / sizeof(forms[0]) && text[0] > forms[i].last)
		i++;
	if (i == sizeof(forms) / sizeof(forms[0]) || text[0] < forms[i].first)
		return 0;
	if (forms[i].length > 1 && (text[1] < forms[i].low || text[1] > forms[i].high))
		return 0;
	for (at = 2; at < forms[i].length; at++)
		if (text[at] < 0x80 || text[at] > 0xbf)
			return 0;
	return forms[i].length;
}
