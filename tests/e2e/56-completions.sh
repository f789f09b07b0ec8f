#!/bin/bash
# Completions in the shells themselves: what is offered, and what TAB puts on the line.
# shellcheck source=../lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

commands=$(ctrctl --help | awk '/^  [a-z]/ { print $1 }')
policy <<<''
hold alice

# --- bash: the function, and a TAB on a terminal
ctrctl completions bash >/tmp/completion.bash
succeeds "bash reads it" bash -n /tmp/completion.bash
bash_offers() {
	bash --norc -c '. /tmp/completion.bash; COMP_WORDS=(ctrctl "$@"); COMP_CWORD=$#; _ctrctl; printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}
fish_offers() {
	HOME=/tmp fish --no-config -c "source /tmp/completion.fish; complete -C 'ctrctl $*'" | cut -f 1
}
offers=(bash_offers)
ctrctl completions fish >/tmp/completion.fish
if command -v fish >/dev/null; then offers+=(fish_offers); else missing "fish" fish; fi
for shell in "${offers[@]}"; do
	is "$shell: all subcommands" "$("$shell" '' | grep -vx help | sort)" "$(sort <<<"$commands")"
	like "$shell: a user" "$("$shell" show al)" '^alice$'
	is "$shell: words of a subcommand" "$("$shell" root re)" reset
	like "$shell: then a user" "$("$shell" root diff bo)" '^bob$'
	like "$shell: a service" "$("$shell" explain alice ss)" '^sshd$'
	like "$shell: a filter" "$("$shell" seccomp show st)" '^strict$'
	like "$shell: options" "$("$shell" metrics --te)" '^--textfile'
	unlike "$shell: options of others" "$("$shell" metrics --)" 'nesting'
	like "$shell: behind an option's value" "$("$shell" explain --config x al)" '^alice$'
	like "$shell: shells" "$("$shell" completions f)" '^fish$'
done
# READ\Y: what is typed is shown, too, and must not be taken for the prompt.  Ctrl-L: the whole line anew.
like "bash: TAB" "$(expect -c 'set timeout 20
	spawn -noecho bash --norc -i
	send "PS1=READ\\Y; . /tmp/completion.bash\r"
	expect READY
	send "ctrctl metr\t--textf\t\014"
	expect -- "ctrctl metrics --textfile " { puts COMPLETED } timeout { puts NOTHING }
	send "\025exit\r"
	expect eof')" COMPLETED

# --- zsh: its completion system on a terminal of its own
if command -v zsh >/dev/null; then
	mkdir -p /tmp/zsh
	ctrctl completions zsh >/tmp/zsh/_ctrctl
	succeeds "zsh reads it" zsh -n /tmp/zsh/_ctrctl
	zsh_line() { # TYPED WANTED: what the line is after TAB
		HOME=/tmp TYPED=$1 WANTED=$2 expect -c 'set timeout 20
			spawn -noecho zsh -f -i
			send "PROMPT=READ\\Y; fpath=(/tmp/zsh \$fpath); autoload -Uz compinit; compinit -u -d /tmp/zsh/dump\r"
			expect READY
			send "$env(TYPED)\t\014"
			expect -- $env(WANTED) { puts COMPLETED } timeout { puts NOTHING }
			send "\025exit\r"
			expect eof'
	}
	like "zsh: a subcommand" "$(zsh_line 'ctrctl metr' 'ctrctl metrics')" COMPLETED
	like "zsh: a word" "$(zsh_line 'ctrctl root re' 'ctrctl root reset')" COMPLETED
	like "zsh: a user" "$(zsh_line 'ctrctl show alic' 'ctrctl show alice')" COMPLETED
	like "zsh: an option" "$(zsh_line 'ctrctl metrics --te' '--textfile')" COMPLETED
	like "zsh: a filter" "$(zsh_line 'ctrctl seccomp show stri' 'ctrctl seccomp show strict')" COMPLETED
else
	missing "zsh" zsh
fi

is "sessions, for who may know them" "$(ctrctl completions sessions)" s1
is "none for others, and no complaint" "$(plain bob '/usr/sbin/ctrctl completions sessions' 2>&1)" ""
like "keys" "$(ctrctl completions keys)" '^memory.max=$'
fails "no such shell" ctrctl completions tcsh
release
wait_for 10 no_containers
rm -rf /tmp/zsh /tmp/completion.*
done_testing
