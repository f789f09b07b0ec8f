/*
 * ctl/printed.c: what policy/ prints, taken apart.  Pure.
 */
#include "ctl/printed.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *
json_of(const char *printed, void (*put)(char *text, struct json *json))
{
	char *out = NULL, *text = strdup(printed);
	size_t size;
	FILE *file = open_memstream(&out, &size);
	struct json json = { .out = file };

	cr_assert(file && text);
	json_list(&json, NULL);
	put(text, &json);
	json_list_end(&json);
	cr_assert_eq(fclose(file), 0);
	free(text);
	return out;
}

Test(printed, policy)
{
	char *got = json_of("# read from /etc/x\n\n[host]                # all\nexempt = @sudo        # x  # /etc/x:3\n"
	    "[slice a b]   # shared\nio.max = 8:0 rbps=1, 8:1 wbps=2  # built in\nnonsense\n", printed_policy_json);

	cr_expect_str_eq(got, "[\n  {\n    \"section\": \"host\",\n    \"key\": \"exempt\",\n"
	    "    \"value\": \"@sudo        # x\",\n    \"from\": \"/etc/x:3\"\n  },\n"
	    "  {\n    \"section\": \"slice a b\",\n    \"key\": \"io.max\",\n"
	    "    \"value\": \"8:0 rbps=1, 8:1 wbps=2\",\n    \"from\": \"built in\"\n  }\n]\n");
	free(got);
}

Test(printed, plan)
{
	char *got = json_of("# user a\nhost    cgroup-make       /x/y\ninside  bind             /a from=/b ro  # why # not\n",
	    printed_plan_json);

	cr_expect_str_eq(got, "[\n  {\n    \"phase\": \"host\",\n    \"kind\": \"cgroup-make\",\n"
	    "    \"step\": \"/x/y\",\n    \"because\": \"\"\n  },\n  {\n    \"phase\": \"inside\",\n"
	    "    \"kind\": \"bind\",\n    \"step\": \"/a from=/b ro\",\n    \"because\": \"why # not\"\n  }\n]\n");
	free(got);
}
