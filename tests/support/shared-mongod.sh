#!/usr/bin/env bash
# A MongoDB server that test processes share. It serves for as long as one of them holds the file `users` in its folder
# locked, and ends some seconds after the last one let go, however that one ended. It is started by mongod.rs beside it,
# which writes the file `uri` when the server is ready.
#
#   shared-mongod.sh <folder> <mongod> [<argument of mongod>...]
set -euo pipefail
folder=$1
shift
exec 8>"$folder/serving"
# Others look at this lock for a moment.
flock --timeout 5 8 || exit 0
exec 9>>"$folder/users"

rm -rf "$folder"/data.* "$folder/uri"
data=$(mktemp -d "$folder/data.XXXXXX")
# It does not outlive this script, even where that is killed.
setpriv --pdeathsig KILL "$@" --dbpath "$data" --logpath "$folder/log" 8>&- 9>&- &
server=$!
trap 'rm -f "$folder/uri"; kill -KILL $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$data"' EXIT

unused=0
while kill -0 $server 2>/dev/null; do
  if flock --exclusive --nonblock 9; then
    unused=$((unused + 1))
    # Kept locked at the end: who comes now waits, and starts another.
    if [ $unused -ge 5 ]; then break; fi
    flock --unlock 9
  else
    unused=0
  fi
  sleep 1
done
