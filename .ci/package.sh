#!/usr/bin/env bash
# Makes the .deb out of what `make build` left in target/release.
set -euo pipefail
cd "$(dirname "$0")/.."

bundled=target/release/bundle/deb
rm -rf "$bundled" target/package
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! ui/node_modules/.bin/tauri bundle --ci --bundles deb --features custom-protocol >"$log" 2>&1 </dev/null; then
  cat "$log" >&2
  exit 1
fi

mkdir -p target/package
version=$(dpkg-deb --field "$bundled"/*.deb Version)
arch=$(dpkg-deb --field "$bundled"/*.deb Architecture)
package=target/package/reprise_${version}_${arch}.deb
cp "$bundled"/*.deb "$package"

# What the package is for: both programs, and an entry in the desktop's menu with its icon.
listing=$(dpkg-deb --contents "$package")
for path in usr/bin/reprise usr/bin/reprise-session usr/share/icons/hicolor/128x128/apps/reprise.png; do
  grep -q " \(\./\)\?$path$" <<<"$listing" || { echo "$package has no /$path" >&2; exit 1; }
done
entry=$(mktemp --suffix=.desktop)
trap 'rm -f "$log" "$entry"' EXIT
dpkg-deb --fsys-tarfile "$package" | tar -xO --wildcards '*usr/share/applications/*.desktop' >"$entry"
desktop-file-validate "$entry"
echo "$package"
