#!/bin/sh
# Ends what was started inside one world, and removes its folder, when the test that made it is gone:
# standard input closes then, however the test ended. Only processes whose environment names the world's
# own HOME are touched.
#
#   reaper.sh <the world's folder> <its HOME>
world=$1
home=$2
cat >/dev/null
again=yes
while [ -n "$again" ]; do
  again=
  for environ in /proc/[0-9]*/environ; do
    pid=${environ#/proc/}
    pid=${pid%/environ}
    if [ "$pid" != $$ ] && grep -qszxF "HOME=$home" "$environ"; then
      kill -KILL "$pid" 2>/dev/null && again=yes
    fi
  done
done
rm -rf "$world"
