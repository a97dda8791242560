#!/usr/bin/env bash
# Says how to get a display when there is none; a window without one could only fail later and in other words.
set -euo pipefail

if [ "$(uname -s)" = Linux ] && [ -z "${DISPLAY:-}" ] && [ -z "${WAYLAND_DISPLAY:-}" ]; then
  cat >&2 <<'MESSAGE'
There is no display here (DISPLAY and WAYLAND_DISPLAY are not set), so no window can open. Ways to get one:
  - run this in a desktop session;
  - over ssh:          ssh -X <this machine>, then make run
  - a virtual screen:  xvfb-run -a make run        (Debian, Ubuntu: apt-get install xvfb xauth)
MESSAGE
  exit 1
fi
