/*
 * Files -> text: each bad file of the corpus yields exactly the faults that it names itself,
 * each good one resolves to what it names, whatever the bytes nothing breaks.
 */
#include "test_policy_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define EXPECT "# expect: "

/* The next expectation of a corpus file, malloc'ed: @FILE@ is its path. */
static char *
next_expectation(const char **at, const char *path)
{
	char *expected = NULL;
	const char *line = *at, *mark;
	size_t length = strcspn(line, "\n");

	if (strncmp(line, EXPECT, strlen(EXPECT)) != 0)
		return NULL;
	*at = line + length + 1;
	line += strlen(EXPECT);
	length -= strlen(EXPECT);
	mark = memmem(line, length, "@FILE@", 6);
	if (mark == NULL)
		cr_assert(asprintf(&expected, "%.*s", (int)length, line) >= 0);
	else
		cr_assert(asprintf(&expected, "%.*s%s%.*s", (int)(mark - line), line, path,
		    (int)(length - (size_t)(mark - line) - 6), mark + 6) >= 0);
	return expected;
}

static void
judge_bad(const char *path)
{
	struct error err = ERROR_INIT;
	struct policy_faults faults = POLICY_FAULTS_INIT;
	size_t length, i;
	char *content = fixture_read(path, &length), *fault = NULL;
	const char *at = content;

	cr_expect(policy_parse(path, content, length, &faults, &err) == NULL, "%s passes", path);
	for (i = 0;; i++) {
		char *expected = next_expectation(&at, path);

		if (expected == NULL)
			break;
		/* Written "LINE: key: reason"; the fault has "path:" before it. */
		cr_assert(asprintf(&fault, "%s:%s", path, expected) >= 0);
		cr_expect(i < faults.count && strcmp(fault, faults.item[i]) == 0,
		    "%s\n expected %s\n      got %s", path, fault,
		    i < faults.count ? faults.item[i] : "nothing");
		if (i == 0)
			cr_expect(strncmp(fault, err.text, strlen(fault)) == 0, "err: %s",
			    err.text);
		free(fault);
		free(expected);
	}
	cr_expect(i > 0 && i == faults.count, "%s: %zu faults, %zu expected; last: %s", path,
	    faults.count, i, faults.count > 0 ? faults.item[faults.count - 1] : "-");
	policy_faults_free(&faults);
	free(content);
}

static void
judge_good(const char *path)
{
	struct fixture f;
	char *content = fixture_read(path, NULL), *expected, *once, *twice;
	const char *at = content;
	unsigned expectations = 0;

	fixture_init(&f);
	once = fixture_explain_conf(&f, content);
	while ((expected = next_expectation(&at, path)) != NULL) {
		cr_expect(fixture_has_line(once, expected), "%s: no \"%s\" in\n%s", path, expected,
		    once);
		free(expected);
		expectations++;
	}
	cr_expect(expectations > 0, "%s expects nothing", path);
	/* What is explained is a policy that explains itself. */
	twice = fixture_explain_conf(&f, once);
	fixture_strip(once);
	fixture_strip(twice);
	cr_expect_str_eq(twice, once);
	free(once);
	free(twice);
	free(content);
}

static unsigned
judge_all(const char *directory, void (*judge)(const char *path))
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;
	unsigned judged = 0;

	cr_assert(dir != NULL, "%s (tests run in the repository's root)", directory);
	while ((entry = readdir(dir)) != NULL) {
		char path[512];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s%s", directory, entry->d_name);
		judge(path);
		judged++;
	}
	(void)closedir(dir);
	return judged;
}

Test(policy_text, bad_corpus)
{
	cr_expect(judge_all(DATA "bad/", judge_bad) >= 100);
}

Test(policy_text, good_corpus)
{
	cr_expect(judge_all(DATA "good/", judge_good) >= 10);
}

/* Each good and bad file cut off at each byte, and with each byte in turn made odd. */
static void
mutilate(const char *path)
{
	static const char odd[] = { '\0', '[', ']', '=', '\n', ',', '%', '/', ':', '\xff', '9' };
	size_t length, i, j;
	char *content = fixture_read(path, &length);

	for (i = 0; i < length && i < 1500; i++) {
		char was = content[i];

		policy_text_free(policy_parse("t", content, i, NULL, NULL));
		for (j = 0; j < sizeof(odd); j++) {
			content[i] = odd[j];
			policy_text_free(policy_parse("t", content, length, NULL, NULL));
		}
		content[i] = was;
	}
	free(content);
}

Test(policy_text, mutilated_corpus_breaks_nothing, .timeout = 120)
{
	cr_expect(judge_all(DATA "good/", mutilate) > 0);
	cr_expect(judge_all(DATA "bad/", mutilate) > 0);
}

Test(policy_text, longest_line)
{
	struct error err = ERROR_INIT;
	char conf[4200] = "[default]\nhome = host #";
	size_t line = strlen("[default]\n");

	memset(conf + strlen(conf), 'x', line + 4096 - strlen(conf));
	policy_text_free(fixture_parse(conf));
	conf[line + 4096] = 'x';
	cr_expect(policy_parse("t", conf, strlen(conf), NULL, &err) == NULL);
	cr_expect_str_eq(err.text, "t:2: longer than 4096 bytes");
}

Test(policy_text, too_large)
{
	struct error err = ERROR_INIT;
	size_t length = (1 << 20) + 1;
	char *content = malloc(length);

	cr_assert(content != NULL);
	memset(content, '\n', length);
	cr_expect(policy_parse("big", content, length, NULL, &err) == NULL);
	cr_expect_str_eq(err.text, "big: larger than 1 MiB: not a policy file");
	policy_text_free(policy_parse("big", content, length - 1, NULL, &err));
	free(content);
}

/* As bad as a MiB can be: time and messages stay bounded. */
Test(policy_text, many_sections_and_faults, .timeout = 20)
{
	struct error err = ERROR_INIT;
	struct policy_faults faults = POLICY_FAULTS_INIT;
	char *content = calloc(1, (1 << 20) + 64);
	size_t length = 0;
	struct policy_text *text;
	unsigned i;

	cr_assert(content != NULL);
	for (i = 0; length < (1 << 20) - 64; i++)
		length += (size_t)sprintf(content + length, "[user u%u]\npids.max=1\n", i);
	text = policy_parse("many", content, length, &faults, &err);
	cr_expect(text != NULL && faults.count == 0, "%s", err.text);
	policy_text_free(text);
	for (length = 0; length < (1 << 20) - 64;)
		length += (size_t)sprintf(content + length, "x\n");
	cr_expect(policy_parse("many", content, length, &faults, &err) == NULL);
	cr_expect(faults.count == 101, "%zu", faults.count);
	cr_expect_str_eq(faults.item[0],
	    "many:1: \"x\" is neither [section] nor key = value");
	cr_expect_str_eq(faults.item[100],
	    "more faults than these were found; mend these first");
	policy_faults_free(&faults);
	free(content);
}

/* A directory of its own below /tmp, empty, with the names that load() uses. */
struct files {
	char directory[32];
	char main[64];
	char drop_ins[64];
};

#define FILES_INIT { .directory = "/tmp/test_policy.XXXXXX" }

static void
files_init(struct files *files)
{
	cr_assert(mkdtemp(files->directory) != NULL);
	(void)snprintf(files->main, sizeof(files->main), "%s/p.conf", files->directory);
	(void)snprintf(files->drop_ins, sizeof(files->drop_ins), "%s/p.conf.d", files->directory);
}

static void
files_write(const char *directory, const char *name, const char *content)
{
	char path[400];
	FILE *out;

	(void)snprintf(path, sizeof(path), "%s%s%s", directory, name[0] != '\0' ? "/" : "", name);
	out = fopen(path, "we");
	cr_assert(out != NULL && fputs(content, out) >= 0 && fclose(out) == 0, "%s", path);
}

static void
files_end(const struct files *files, const char *const *drop_in)
{
	char path[400];

	for (; drop_in != NULL && *drop_in != NULL; drop_in++) {
		(void)snprintf(path, sizeof(path), "%s/%s", files->drop_ins, *drop_in);
		cr_expect(unlink(path) == 0, "%s", path);
	}
	(void)rmdir(files->drop_ins);
	(void)unlink(files->main);
	cr_expect(rmdir(files->directory) == 0);
}

Test(policy_load, drop_ins_in_order)
{
	static const char *const name[] = { "20-b.conf", "10-a.conf", "x.conf.bak", ".h.conf",
	    NULL };
	struct error err = ERROR_INIT;
	struct policy policy = POLICY_INIT;
	struct policy_text *text;
	struct fixture f;
	struct files files = FILES_INIT;
	char *printed;

	fixture_init(&f);
	files_init(&files);
	files_write(files.main, "", "[default]\npids.max = 1\n");
	cr_assert(mkdir(files.drop_ins, 0755) == 0);
	files_write(files.drop_ins, name[0], "[group lab]\npids.max = 3\ntmp_size = 3M\n");
	files_write(files.drop_ins, name[1], "[group students]\npids.max = 2\ntmp_size = 2M\n"
	    "shm_size = 2M\n[default]\n");
	files_write(files.drop_ins, name[2], "garbage");
	files_write(files.drop_ins, name[3], "garbage");
	text = policy_load(files.main, false, NULL, &err);
	cr_assert(text != NULL, "%s", err.text);
	cr_assert(policy_resolve(text, &f.subject, &f.machine, &policy, &err) == 0);
	cr_expect_str_eq(policy.limits.value[LIMIT_PIDS_MAX], "3");
	cr_expect(policy.tmp_size == 3 << 20 && policy.shm_size == 2 << 20);
	cr_expect(strstr(policy.origin[POLICY_KEY_SHM_SIZE].file, "/10-a.conf") != NULL);
	cr_expect(policy.origin[POLICY_KEY_SHM_SIZE].line == 4);
	printed = fixture_explain(text, &policy);
	cr_expect(strstr(printed, "20-b.conf:2\n") != NULL, "%s", printed);
	free(printed);
	policy_free(&policy);
	policy_text_free(text);
	files_end(&files, name);
}

/* What would be one too many once it is written is one too many before. */
Test(policy_load, drop_ins_have_a_bound)
{
	struct error err = ERROR_INIT;
	struct files files = FILES_INIT;
	char name[32];
	const char *names[] = { name, NULL };

	files_init(&files);
	files_write(files.main, "", "");
	cr_assert(mkdir(files.drop_ins, 0755) == 0);
	for (int i = 0; i < 256; i++) {
		(void)snprintf(name, sizeof(name), "%03d.conf", i);
		files_write(files.drop_ins, name, "");
	}
	struct policy_text *text = policy_load_with(files.main, false, "100.conf", "", NULL, &err);
	cr_expect(text != NULL, "%s", err.text);
	policy_text_free(text);
	cr_expect(policy_load_with(files.main, false, "256.conf", "", NULL, &err) == NULL);
	cr_expect(strstr(err.text, "Argument list too long") != NULL, "%s", err.text);
	for (int i = 0; i < 255; i++) {
		char path[400];

		(void)snprintf(path, sizeof(path), "%s/%03d.conf", files.drop_ins, i);
		cr_expect(unlink(path) == 0);
	}
	files_end(&files, names);
}

/* However the directory lists them. */
Test(policy_load, drop_ins_are_sorted)
{
	static const char *const name[] = { "5.conf", "1.conf", "8.conf", "3.conf", "7.conf",
	    "2.conf", "6.conf", "4.conf", NULL };
	struct error err = ERROR_INIT;
	struct policy policy = { .exempt = true };
	struct policy_text *text;
	struct files files = FILES_INIT;
	char *printed, *at;
	size_t i;

	files_init(&files);
	files_write(files.main, "", "");
	cr_assert(mkdir(files.drop_ins, 0755) == 0);
	for (i = 0; name[i] != NULL; i++)
		files_write(files.drop_ins, name[i], "");
	text = policy_load(files.main, false, NULL, &err);
	cr_assert(text != NULL, "%s", err.text);
	printed = at = fixture_explain(text, &policy);
	for (i = 1; i <= 8; i++) {
		char line[128];

		(void)snprintf(line, sizeof(line), "# and from %s/%zu.conf\n", files.drop_ins, i);
		at = strstr(at, line);
		cr_assert(at != NULL, "%s not at its place in\n%s", line, printed);
	}
	free(printed);
	policy_text_free(text);
	files_end(&files, name);
}

Test(policy_load, same_section_in_two_files)
{
	static const char *const name[] = { "a.conf", NULL };
	struct error err = ERROR_INIT;
	struct files files = FILES_INIT;
	char expected[256];

	files_init(&files);
	files_write(files.main, "", "[default]\npids.max = 1\n");
	cr_assert(mkdir(files.drop_ins, 0755) == 0);
	files_write(files.drop_ins, "a.conf", "\n[default]\npids.max = 2\n");
	cr_expect(policy_load(files.main, false, NULL, &err) == NULL);
	(void)snprintf(expected, sizeof(expected), "%s/a.conf:2: [default]: is there already, at "
	    "%s:1", files.drop_ins, files.main);
	cr_expect_str_eq(err.text, expected);
	files_end(&files, name);
}

static void
expect_refused(const struct files *files, bool trusted, const char *expected)
{
	struct error err = ERROR_INIT;
	struct policy_faults faults = POLICY_FAULTS_INIT;

	cr_expect(policy_load(files->main, trusted, &faults, &err) == NULL, "%s passes", expected);
	cr_expect(strstr(err.text, expected) != NULL, "expected \"%s\", got \"%s\"", expected,
	    err.text);
	cr_expect(faults.count == 1 && strncmp(faults.item[0], files->main,
	    strlen(files->main)) == 0);
	policy_faults_free(&faults);
}

/* What is no policy file, and must neither block nor be read. */
Test(policy_load, kinds_of_files, .timeout = 10)
{
	struct files files = FILES_INIT;

	files_init(&files);
	expect_refused(&files, false, "no such file; install the sample");
	cr_assert(mkfifo(files.main, 0600) == 0);
	expect_refused(&files, false, "is not a regular file");
	cr_assert(unlink(files.main) == 0 && mkdir(files.main, 0700) == 0);
	expect_refused(&files, false, "is not a regular file");
	cr_assert(rmdir(files.main) == 0 && mknod(files.main, S_IFSOCK | 0600, 0) == 0);
	expect_refused(&files, false, "No such device or address");
	cr_assert(unlink(files.main) == 0 && symlink("p.conf", files.main) == 0);
	expect_refused(&files, false, "Too many levels of symbolic links");
	cr_assert(unlink(files.main) == 0 && symlink("/dev/zero", files.main) == 0);
	expect_refused(&files, false, "is not a regular file");
	cr_assert(unlink(files.main) == 0);
	files_write(files.main, "", "");
	cr_assert(truncate(files.main, INT64_C(1) << 30) == 0);
	expect_refused(&files, false, "larger than 1 MiB");
	files_end(&files, NULL);
}

/* What only root can have made is policy; what others could have is none.  As root, in a /mnt
 * that nobody else sees. */
Test(policy_load, trusted_files)
{
	struct error err = ERROR_INIT;
	struct policy_text *text;
	struct files files = { .main = "/mnt/d/p.conf", .drop_ins = "/mnt/d/p.conf.d" };

	if (geteuid() != 0)
		cr_skip("needs root: only root's files are trusted");
	cr_assert(unshare(CLONE_NEWNS) == 0);
	cr_assert(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	cr_assert(mount("tmpfs", "/mnt", "tmpfs", 0, "mode=755") == 0);
	cr_assert(mkdir("/mnt/d", 0755) == 0 && mkdir("/mnt/user", 0755) == 0);
	expect_refused(&files, true, "no such file; install the sample");
	files_write(files.main, "", "[default]\npids.max = 7\n");
	cr_assert(chmod(files.main, 0644) == 0);
	text = policy_load(files.main, true, NULL, &err);
	cr_expect(text != NULL, "%s", err.text);
	policy_text_free(text);

	cr_assert(chmod(files.main, 0664) == 0);
	expect_refused(&files, true, "can be written by others");
	cr_assert(chmod(files.main, 0646) == 0);
	expect_refused(&files, true, "can be written by others");
	cr_assert(chmod(files.main, 0644) == 0 && chown(files.main, 1000, 0) == 0);
	expect_refused(&files, true, "is not root's");
	cr_assert(chown(files.main, 0, 0) == 0 && chmod("/mnt/d", 0777) == 0);
	cr_assert(policy_load(files.main, true, NULL, &err) == NULL);
	cr_expect(strstr(err.text, "is not root's alone") != NULL, "%s", err.text);
	cr_assert(chmod("/mnt/d", 0755) == 0);

	/* A link of root's to where a user can swap the file. */
	cr_assert(rename(files.main, "/mnt/user/p") == 0 && chown("/mnt/user", 1000, 1000) == 0);
	cr_assert(symlink("/mnt/user/p", files.main) == 0);
	expect_refused(&files, true, "is not root's alone");
	cr_assert(chown("/mnt/user", 0, 0) == 0);
	text = policy_load(files.main, true, NULL, &err);
	cr_expect(text != NULL, "%s", err.text);
	policy_text_free(text);

	/* The same holds for drop-ins. */
	cr_assert(mkdir(files.drop_ins, 0755) == 0);
	files_write(files.drop_ins, "a.conf", "");
	cr_assert(chmod("/mnt/d/p.conf.d/a.conf", 0666) == 0);
	expect_refused(&files, true, "p.conf.d/a.conf can be written by others");
	cr_assert(unlink("/mnt/d/p.conf.d/a.conf") == 0);
	cr_assert(mkfifo("/mnt/d/p.conf.d/a.conf", 0600) == 0);
	expect_refused(&files, true, "a.conf is not a regular file");
	cr_assert(unlink("/mnt/d/p.conf.d/a.conf") == 0 && chmod(files.drop_ins, 0777) == 0);
	files_write(files.drop_ins, "a.conf", "");
	cr_assert(chmod("/mnt/d/p.conf.d/a.conf", 0644) == 0);
	expect_refused(&files, true, "is not root's alone");
}

Test(policy_load, path_too_long)
{
	struct error err = ERROR_INIT;
	char path[5000];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	cr_expect(policy_load(path, false, NULL, &err) == NULL);
	cr_expect_str_eq(err.text, "policy: its path is too long");
}
