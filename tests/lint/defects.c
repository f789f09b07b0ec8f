/*
 * Not linked anywhere: one defect for each tool of "make lint", which tests/lint/self-test wants to
 * be found.  DEFECT says which.
 */
#include <stdlib.h>
#include <string.h>

int defect(const char *text, size_t length);

#if DEFECT == 1 /* gcc -fanalyzer: freed twice */
int
defect(const char *text, size_t length)
{
	char *copy = malloc(length + 1);

	if (!copy)
		return -1;
	memcpy(copy, text, length);
	free(copy);
	free(copy);
	return 0;
}
#elif DEFECT == 2 /* clang --analyze, as scan-build: nothing is pointed to on one way */
int
defect(const char *text, size_t length)
{
	const char *at = length > 3 ? text : NULL;

	if (length > 2)
		return 0;
	return at[0];
}
#elif DEFECT == 3 /* clang-tidy: the room for one byte less than the text */
int
defect(const char *text, size_t length)
{
	char *copy = malloc(strlen(text + length + 1));

	if (!copy)
		return -1;
	(void)strcpy(copy, text);
	length = strlen(copy);
	free(copy);
	return (int)length;
}
#elif DEFECT == 4 /* cppcheck: one behind the last */
int
defect(const char *text, size_t length)
{
	int count[4] = { 0 };

	for (size_t i = 0; i <= 4; i++)
		count[i] = text[0] + (int)length;
	return count[0];
}
#elif DEFECT == 5 /* clang -Weverything: a number is cut */
int
defect(const char *text, size_t length)
{
	unsigned char small = length;

	return text[0] + small;
}
#endif
