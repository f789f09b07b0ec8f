/*
 * ctrctl completions: scripts for bash, zsh and fish, printed from the tables of subcommands and
 * options.  What only the moment knows (users, sessions, filters) the scripts ask for when a key is
 * pressed, by "ctrctl completions KIND", which says nothing where it may not look.
 */
#include "ctl/command.h"
#include "ctl/synopsis.h"
#include "ctl/view.h"
#include "lib/own.h"
#include "lib/places.h"
#include "lib/text.h"
#include "policy/policy.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* How each kind of word is completed: by the shell itself, or by asking us. */
static const struct kind {
	const char *name;
	const char *bash, *zsh, *fish;
} kinds[] = {
#define ASK(what) "$(ctrctl completions " what " 2>/dev/null)"
	{ "USER", "compgen -u", "_users", "(__fish_complete_users)" },
	{ "FILE", "compgen -f", "_files", "(__fish_complete_path)" },
	{ "PATH", "compgen -f", "_files", "(__fish_complete_path)" },
	{ "SERVICE", "compgen -W \"$(ls /etc/pam.d 2>/dev/null)\"", "compadd -- ${(f)\"$(ls /etc/pam.d 2>/dev/null)\"}",
	    "(ls /etc/pam.d 2>/dev/null)" },
	{ "FILTER", "compgen -W \"" ASK("filters") "\"", "compadd -- ${(f)\"" ASK("filters") "\"}",
	    "(ctrctl completions filters 2>/dev/null)" },
	{ "ID", "compgen -W \"" ASK("sessions") "\"", "compadd -- ${(f)\"" ASK("sessions") "\"}",
	    "(ctrctl completions sessions 2>/dev/null)" },
	{ "KEY=VALUE", "compgen -W \"" ASK("keys") "\"", "compadd -S '' -- ${(f)\"" ASK("keys") "\"}",
	    "(ctrctl completions keys 2>/dev/null)" },
	{ "SHELL", "compgen -W \"bash zsh fish\"", "compadd -- bash zsh fish", "bash zsh fish" },
#undef ASK
};

static const struct kind *
find_kind(const char *word)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, word))
			return &kinds[i];
	return NULL;
}

static bool
is_literal(const char *word)
{
	return *word >= 'a' && *word <= 'z';
}

static void
print_literals(const struct synopsis_place *place)
{
	for (size_t i = 0; i < place->count; i++)
		if (is_literal(place->word[i]))
			(void)printf("%s ", place->word[i]);
}

static void
print_options(const struct command *command)
{
	for (const struct option_spelling *option = option_spellings; option->name; option++)
		if (command->takes & (unsigned)option->takes)
			(void)printf("%s ", option->name);
	(void)printf("--help");
}

/* Those that have a value, by name and letter, for the shells' case. */
static void
print_value_options(const char *separator)
{
	const char *before = "";

	for (const struct option_spelling *option = option_spellings; option->name; option++) {
		if (!option->value)
			continue;
		(void)printf("%s%s", before, option->name);
		before = separator;
		if (option->letter)
			(void)printf("%s-%c", separator, option->letter);
	}
}

/* --- bash: one case a subcommand and place */

static void
print_bash_place(const struct command *command, size_t at, const struct synopsis_place *place)
{
	(void)printf("\t%s:%zu)\n\t\tCOMPREPLY+=($(compgen -W '", command->name, at);
	print_literals(place);
	(void)printf("' -- \"$cur\"))\n");
	for (size_t i = 0; i < place->count; i++) {
		const struct kind *kind = find_kind(place->word[i]);
		if (kind)
			(void)printf("\t\tCOMPREPLY+=($(%s -- \"$cur\"))\n", kind->bash);
	}
	(void)printf("\t\t;;\n");
}

static void
print_bash_options(void)
{
	(void)printf("\tlocal options\n\tcase ${COMP_WORDS[1]} in\n");
	for (const struct command *command = commands; command->name; command++) {
		(void)printf("\t%s) options='", command->name);
		print_options(command);
		(void)printf("' ;;\n");
	}
	(void)printf("\t*) options=--help ;;\n\tesac\n");
}

static void
print_bash(void)
{
	struct synopsis synopsis;

	(void)printf("# bash completion for ctrctl(8); made by \"ctrctl completions bash\"\n_ctrctl() {\n"
	    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} i place=0\n\tCOMPREPLY=()\n"
	    "\tif [ \"$COMP_CWORD\" = 1 ]; then\n\t\tCOMPREPLY=($(compgen -W '");
	for (const struct command *command = commands; command->name; command++)
		(void)printf("%s ", command->name);
	(void)printf("help' -- \"$cur\"))\n\t\treturn\n\tfi\n");
	print_bash_options();
	(void)printf("\tif [[ $cur == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n\t\treturn\n"
	    "\tfi\n\tcase ${COMP_WORDS[COMP_CWORD - 1]} in\n\t");
	print_value_options(" | ");
	(void)printf(") COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n\tesac\n"
	    "\tfor ((i = 2; i < COMP_CWORD; i++)); do\n\t\tcase ${COMP_WORDS[i]} in\n\t\t");
	print_value_options(" | ");
	(void)printf(") i=$((i + 1)) ;;\n\t\t-*) ;;\n\t\t*) place=$((place + 1)) ;;\n\t\tesac\n\tdone\n"
	    "\tcase ${COMP_WORDS[1]}:$place in\n");
	for (const struct command *command = commands; command->name; command++) {
		synopsis_read(command->synopsis, &synopsis);
		for (size_t at = 0; at < synopsis.places; at++)
			print_bash_place(command, at, &synopsis.place[at]);
	}
	(void)printf("\tesac\n}\ncomplete -o filenames -F _ctrctl ctrctl\n");
}

/* --- zsh: the same case, with help beside the subcommands */

static void
print_zsh_quoted(const char *text)
{
	for (; *text; text++)
		if (*text == '\'')
			(void)fputs("'\\''", stdout);
		else
			(void)printf("%s%c", *text == ':' ? "\\" : "", *text);
}

static void
print_zsh_place(const struct command *command, size_t at, const struct synopsis_place *place)
{
	bool any = false;

	(void)printf("\t%s:%zu)\n", command->name, at);
	for (size_t i = 0; i < place->count; i++)
		any = any || is_literal(place->word[i]);
	if (any) {
		(void)printf("\t\tcompadd -- ");
		print_literals(place);
		(void)printf("\n");
	}
	for (size_t i = 0; i < place->count; i++) {
		const struct kind *kind = find_kind(place->word[i]);
		if (kind)
			(void)printf("\t\t%s\n", kind->zsh);
	}
	(void)printf("\t\t;;\n");
}

static void
print_zsh(void)
{
	struct synopsis synopsis;

	(void)printf("#compdef ctrctl\n# zsh completion for ctrctl(8); made by \"ctrctl completions zsh\"\n"
	    "local -a subcommands options\nlocal i place=0\nsubcommands=(\n");
	for (const struct command *command = commands; command->name; command++) {
		(void)printf("\t'%s:", command->name);
		print_zsh_quoted(command->help);
		(void)printf("'\n");
	}
	(void)printf(")\nif (( CURRENT == 2 )); then\n\t_describe -t commands subcommand subcommands\n\treturn\nfi\n"
	    "case $words[2] in\n");
	for (const struct command *command = commands; command->name; command++) {
		(void)printf("%s) options=(", command->name);
		print_options(command);
		(void)printf(") ;;\n");
	}
	(void)printf("esac\nif [[ $PREFIX == -* ]]; then\n\tcompadd -- $options\n\treturn\nfi\n"
	    "case $words[CURRENT-1] in\n");
	print_value_options(" | ");
	(void)printf(") _files; return ;;\nesac\nfor ((i = 3; i < CURRENT; i++)); do\n\tcase $words[i] in\n\t");
	print_value_options(" | ");
	(void)printf(") i=$((i + 1)) ;;\n\t-*) ;;\n\t*) place=$((place + 1)) ;;\n\tesac\ndone\ncase $words[2]:$place in\n");
	for (const struct command *command = commands; command->name; command++) {
		synopsis_read(command->synopsis, &synopsis);
		for (size_t at = 0; at < synopsis.places; at++)
			print_zsh_place(command, at, &synopsis.place[at]);
	}
	(void)printf("esac\n");
}

/* --- fish: one line a word */

static void
print_fish_quoted(const char *text)
{
	for (; *text; text++)
		(void)printf("%s%c", *text == '\'' || *text == '\\' ? "\\" : "", *text);
}

static void
print_fish_place(const struct command *command, size_t at, const struct synopsis_place *place)
{
	for (size_t i = 0; i < place->count; i++) {
		const struct kind *kind = find_kind(place->word[i]);
		const char *words = is_literal(place->word[i]) ? place->word[i] : kind ? kind->fish : NULL;

		if (words)
			(void)printf("complete -c ctrctl -f -n '__ctrctl_at %s %zu' -a '%s'\n", command->name, at, words);
	}
}

static void
print_fish_options(const struct command *command)
{
	for (const struct option_spelling *option = option_spellings; option->name; option++)
		if (command->takes & (unsigned)option->takes)
			(void)printf("complete -c ctrctl -n '__fish_seen_subcommand_from %s' -l %s%s\n", command->name,
			    option->name + 2, option->value ? " -r -F" : "");
}

static void
print_fish(void)
{
	struct synopsis synopsis;

	(void)printf("# fish completion for ctrctl(8); made by \"ctrctl completions fish\"\n"
	    "# Whether the word to complete is operand number $argv[2] of the subcommand $argv[1].\n"
	    "function __ctrctl_at\n\tset -l words (commandline -opc)\n\ttest (count $words) -ge 2; or return 1\n"
	    "\ttest $words[2] = $argv[1]; or return 1\n\tset -l place 0\n\tset -l is_value no\n"
	    "\tfor word in $words[3..-1]\n\t\tif test $is_value = yes\n\t\t\tset is_value no\n\t\t\tcontinue\n\t\tend\n"
	    "\t\tswitch $word\n\t\t\tcase ");
	print_value_options(" ");
	(void)printf("\n\t\t\t\tset is_value yes\n\t\t\tcase '-*'\n\t\t\tcase '*'\n"
	    "\t\t\t\tset place (math $place + 1)\n\t\tend\n\tend\n"
	    "\ttest $place = $argv[2]\nend\ncomplete -c ctrctl -f\n");
	for (const struct command *command = commands; command->name; command++) {
		(void)printf("complete -c ctrctl -n '__fish_use_subcommand' -a %s -d '", command->name);
		print_fish_quoted(command->help);
		(void)printf("'\n");
		print_fish_options(command);
		synopsis_read(command->synopsis, &synopsis);
		for (size_t at = 0; at < synopsis.places; at++)
			print_fish_place(command, at, &synopsis.place[at]);
	}
}

/* --- what only the moment knows */

static void
print_files(const char *path)
{
	DIR *directory = opendir(path);

	if (!directory)
		return;
	for (struct dirent *entry; (entry = readdir(directory));)
		if (entry->d_name[0] != '.')
			(void)printf("%s\n", entry->d_name);
	(void)closedir(directory);
}

static void
print_filters(void)
{
	print_files(PLACE_FILTERS);
	print_files(PLACE_OWN_FILTERS);
}

static void
print_sessions(void)
{
	struct error ignored = ERROR_INIT;
	autofree uid_t *uids = NULL;
	size_t count;

	if (view_uids(&uids, &count, &ignored) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		struct view view = VIEW_INIT;
		if (view_read(uids[i], &view, &ignored) != 0)
			continue;
		for (size_t at = 0; at < view.record.sessions; at++)
			(void)printf("%s\n", view.record.session[at].id);
		view_free(&view);
	}
}

static void
print_keys(void)
{
	for (int i = 0; i < LIMIT_COUNT; i++)
		(void)printf("%s=\n", limit_name((enum limit)i));
}

static const struct {
	const char *name;
	void (*print)(void);
} prints[] = {
	{ "bash", print_bash }, { "zsh", print_zsh }, { "fish", print_fish },
	{ "filters", print_filters }, { "sessions", print_sessions }, { "keys", print_keys },
};

int
command_completions(const struct options *options)
{
	for (size_t i = 0; i < sizeof(prints) / sizeof(prints[0]); i++)
		if (!strcmp(prints[i].name, options->operand[0])) {
			prints[i].print();
			return output_end(CTL_OK);
		}
	return complain(CTL_USAGE, "completions: %s: there are bash, zsh and fish", options->operand[0]);
}
