/*
 * The table of subcommands: dispatch, usage and --help are made from it.
 */
#include "ctl/command.h"

#include <stddef.h>

const struct command commands[] = {
	{ "list", command_list, "[--json]", "all containers, with what they use and may use",
	    "STATE is alive, orphaned (its supervisor is dead), dead (its init is), no-record\n"
	    "(being built, or left over) or broken (a record that can't be read); gc mends these.\n"
	    "TASKS and MEMORY are use/limit, CPU-TIME is what was used, CPU-MAX the limit.\n",
	    OPTION_JSON, 0, 0 },
	{ "top", command_top, "[NAME] [-b] [-n COUNT] [-d SECONDS] [-s KEY]",
	    "a live view of what containers use; h tells the keys",
	    "NAME: only users with this in their name.  -s: cpu, memory, tasks, time, io, sessions, age\n"
	    "or user.  -n: ends after so many looks.  -b: lines instead of a screen, as also where\n"
	    "there is no terminal.  Long: --batch --count --delay --sort.\n", OPTION_TOP, 0, 1 },
	{ "show", command_show, "[USER|UID] [--json]", "everything about one container",
	    "A plain user, and root inside a container, gives no USER, and sees limits and use of the\n"
	    "own container.  Exit status 1: there is none.\n", OPTION_JSON, 0, 1 },
	{ "explain", command_explain, "USER|UID [SERVICE] [--config PATH] [--json]",
	    "the policy for a login, and the line each value comes from",
	    "SERVICE is the PAM service, sshd if none is given.  What is printed is itself a policy.\n"
	    "A PATH other than the installed policy's need not be root's, so a draft can be tried.\n",
	    OPTION_CONFIG | OPTION_JSON, 1, 2 },
	{ "plan", command_plan, "USER|UID [SERVICE] [--config PATH] [--json]",
	    "the steps that a login would run; nothing is done",
	    "One line a step: who runs it, what it is, its fields, and why it is done.\n",
	    OPTION_CONFIG | OPTION_JSON, 1, 2 },
	{ "check", command_check, "[FILE] [--json]", "all faults of the policy",
	    "Exit status 1: there are faults.  FILE, with FILE.d/*.conf, is read in place of the\n"
	    "installed policy; it need not be root's, and neither need the caller be root.\n",
	    OPTION_JSON, 0, 1 },
	{ "enter", command_enter, "USER|UID [--config PATH] [-- COMMAND...]",
	    "a shell or a command in the user's running container",
	    "Runs as the user, and ends with the command's exit status, or 128 and its signal.\n"
	    "On a terminal it gets a terminal of the container's own; Ctrl-] three times within a\n"
	    "second leaves it.  Nothing else of the caller's but 0 to 2 goes along.\n",
	    OPTION_COMMAND | OPTION_CONFIG, 1, 1 },
	{ "run", command_launch, "USER|UID [--config PATH] -- COMMAND...",
	    "a command in the user's container, which is built if there is none",
	    "As enter; the session, and with it a container that was built for it, ends with COMMAND.\n",
	    OPTION_COMMAND | OPTION_CONFIG, 1, 1 },
	{ "kill", command_kill, "USER|UID [--session ID] [--json]",
	    "ends a container with all its sessions, or one of them, and waits",
	    "ID is show's: the session's caller and all that it started, also what daemonized, but\n"
	    "nobody else's.  SIGTERM (of a session SIGHUP, too), the policy's grace, SIGKILL.  Exit\n"
	    "status 1: there was none.\n", OPTION_SESSION | OPTION_JSON, 1, 1 },
	{ "freeze", command_freeze, "USER|UID [--json]", "stops all processes of a container",
	    "Nothing in it runs before thaw, the caller of its sessions (sshd's monitor) neither.\n"
	    "Logins are refused meanwhile.  kill ends a frozen one.  Exit status 1: there is none.\n",
	    OPTION_JSON, 1, 1 },
	{ "thaw", command_thaw, "USER|UID [--json]", "lets a frozen container go on",
	    "Exit status 1: there is none.\n", OPTION_JSON, 1, 1 },
	{ "set", command_set, "USER|UID KEY=VALUE... [--keep] [--json]",
	    "changes limits of the user's container, at once",
	    "Limits, logout, grace and cpu_view; all of them are changed, or none.  They hold until the\n"
	    "container ends; KEY= goes back to the policy's.  --keep writes them to the policy, too, in\n"
	    "a file of the user's own below pam_ctr.conf.d; then there need not be a container.  Exit\n"
	    "status 1: there is none, or it was refused.\n",
	    OPTION_KEEP | OPTION_JSON, 2, OPERANDS_MAX },
	{ "reload", command_reload, "[USER|UID...] [--dry-run] [--json]",
	    "brings containers that live up to the policy as it is now",
	    "A line for each value that differs: changed now, or why it waits for the next login or\n"
	    "for a new container.  What was set stays.  Without USER all containers.  --dry-run only\n"
	    "tells.  Exit status 1: one was refused.\n",
	    OPTION_DRY | OPTION_JSON, 0, OPERANDS_MAX },
	{ "root", command_root, "diff|reset USER|UID [--json] [--config PATH]",
	    "what the user changed of the root file system; drops it",
	    "diff prints a line a path: A added, M changed, D deleted; what is odd in a name is\n"
	    "\\xNN.  Compared is with the host's tree, or the tree that the policy's root names, as\n"
	    "it is now: a file that the user has, too, and that was upgraded since, is told as M.\n"
	    "reset takes all of it away for good.  Exit status 1: there is a container; kill it first.\n",
	    OPTION_JSON | OPTION_CONFIG, 2, 2 },
	{ "home", command_home,
	    "status|diff|commit|reset|snapshot|restore|delete|export USER|UID|@GROUP [PATH...|NAME] "
	    "[--json] [--kill] [--live] [--changes] [--output FILE] [--config PATH]",
	    "what users changed in their homes; keeps, merges, drops it",
	    "Of homes that are kept apart: home = overlay or template.  PATH is relative to the home.\n"
	    "  status             kind, changes, size, limit, snapshots\n"
	    "  diff               a line a path: A added, M changed, D deleted, then for M in what it\n"
	    "                     differs: y type, c content, m mode, o owner, a ACL, x attributes, t time\n"
	    "  commit [PATH...]   merges the changes, or those at PATH, into the real home\n"
	    "  reset [PATH...]    drops them for good; the real home, or the template, shows again\n"
	    "  snapshot [NAME]    keeps a copy of the changes, named by the time if NAME is left away\n"
	    "  restore NAME       puts the changes of that copy in place of those that are there\n"
	    "  delete NAME        removes a copy\n"
	    "  export             the home as the user sees it, as a tar stream; --changes: the upper alone\n"
	    "@GROUP: of all its members that have something kept.  commit, reset, snapshot and restore are\n"
	    "refused while the user has a container: --kill ends it first; snapshot --live copies all the\n"
	    "same.  -o, --output FILE: where export writes.  --json: of status and diff.  Interrupted, each\n"
	    "can be called again and loses nothing.  Exit status 1: refused, or nothing there, for anybody.\n",
	    OPTION_JSON | OPTION_CONFIG | OPTION_HOME, 2, OPERANDS_MAX },
	{ "gc", command_gc, "[--config PATH] [--json]", "adopts or removes what a crash left behind",
	    "Containers whose supervisor died get a new one; what is dead is removed, and so are\n"
	    "empty cgroups that are no container's.  Exit status 1: something is left.\n",
	    OPTION_CONFIG | OPTION_JSON, 0, 0 },
	{ "boot", command_boot, "[-n] [-v] [--config PATH]",
	    "makes the host ready for logins; for an init's service",
	    "Does what is missing, so it may be called at any time: mounts cgroup2 where no cgroups are,\n"
	    "sets favordynmods, hands controllers down, makes /run/pam_ctr, does what gc does, checks the\n"
	    "policy, compiles filters.  A cgroup tree that is systemd's, v1's or another system's is left\n"
	    "alone.  -v tells each step, -n (--dry-run) tells the host's and does none.  Exit status 1:\n"
	    "the policy has faults, or something is left; with -n: there is something to do.\n",
	    OPTION_CONFIG | OPTION_VERBOSE | OPTION_DRY, 0, 0 },
	{ "seccomp", command_seccomp, "show|test FILTER [--nesting] [-- COMMAND...] | list | groups [--json]",
	    "system call filters: what they say; a program under one",
	    "show prints what each call is answered, for each kind of program that the machine runs.\n"
	    "test runs COMMAND under the filter, with the caller's rights, and tells afterwards which\n"
	    "calls it was refused.  list: all filters; groups: what stands for what in their texts.\n"
	    "A FILTER with a / in it is the path of a draft.  --nesting: as where nesting = yes.\n",
	    OPTION_COMMAND | OPTION_NESTING | OPTION_JSON, 1, 2 },
	{ "devices", command_devices, "[USER|UID] [--config PATH] [--json]",
	    "the devices that a user gets of those that are there now",
	    "A line each: node, type, number, and what the user may do.  Without USER all devices\n"
	    "that have a node; what rules can name of one: udevadm info NODE.\n", OPTION_CONFIG | OPTION_JSON, 0, 1 },
	{ "log", command_log, "[USER|UID] [--follow] [--file PATH] [--json]",
	    "what pam_ctr logged, and system calls that were refused, newest last",
	    "From the host's syslog or journal, and the kernel's log.  PATH is where authpriv goes, if\n"
	    "it is not found by itself.  -f waits for more, through rotation.  Exit status 1: there is\n"
	    "nothing.  Where an audit daemon takes the refused calls, that is told.\n",
	    OPTION_FOLLOW | OPTION_FILE | OPTION_JSON, 0, 1 },
	{ "doctor", command_doctor, "[--json]", "what this host can do, and who gets past pam_ctr",
	    "Looks at the kernel, installed files, the policy, PAM's stacks, and ways around them; each\n"
	    "finding is ok, note, warn or FAIL, with what to do.  Exit status 1: something fails.  What\n"
	    "only root can see is left out for others.\n", OPTION_JSON, 0, 0 },
	{ "completions", command_completions, "SHELL", "completes ctrctl's words in bash, zsh or fish",
	    "Prints a script; make install puts each where its shell looks.\n", 0, 1, 1 },
	{ "metrics", command_metrics, "[--textfile FILE]", "numbers for monitoring, in OpenMetrics text",
	    "FILE is replaced in one step, with the older text that node_exporter's textfile collector\n"
	    "reads; \"-\" is standard output.  All names are in ctrctl(8); docs/monitoring.md has recipes.\n",
	    OPTION_TEXTFILE, 0, 0 },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0, 0 },
};
