#!/bin/bash
# tmux: a server, two windows, keys typed into one, and what is on its screen.
# needs: tmux
set -euo pipefail

export TERM=screen
tmux -f /dev/null -S "$PWD/socket" new-session -d -x 80 -y 24 'cat; tmux -S '"$PWD"'/socket wait-for -S ended'
tmux -S "$PWD/socket" new-window -d 'exec sleep 600'
tmux -S "$PWD/socket" send-keys -t 0 'typed' Enter
until tmux -S "$PWD/socket" capture-pane -p -t 0 | grep -c typed | grep -qx 2; do :; done
tmux -S "$PWD/socket" capture-pane -p -t 0 | head -2
tmux -S "$PWD/socket" list-windows -F '#{window_index} #{pane_current_command}'
tmux -S "$PWD/socket" kill-server
