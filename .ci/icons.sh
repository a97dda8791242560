#!/usr/bin/env bash
# Draws the PNG icons again from their SVG sources, one rendering per size (never one bitmap scaled).
# Only needed after an SVG has changed; the PNGs are committed. Needs rsvg-convert (Debian: librsvg2-bin).
set -euo pipefail
cd "$(dirname "$0")/../icons"

for size in 16 32 48 64 128 256 512; do
  rsvg-convert --width "$size" --height "$size" icon.svg --output "${size}x${size}.png"
done
rsvg-convert --width 512 --height 512 icon.svg --output icon.png

# The tray's icon and the glyphs in its menu. Neither is told whether the panel or the menu is light or dark:
# these two colours are readable on both (3:1 and more on #1c1d1f and on #e9e8e5).
ink='#7e8588'
brass='#b3790c'
colour() { sed -e "s/currentColor/$1/g" -e "s/var(--badge,[^)]*)/$brass/g"; }
for state in idle working attention; do
  for size in 16 22 24 32 48; do
    colour "$ink" <"tray-$state.svg" | rsvg-convert --width "$size" --height "$size" --output "tray/$state-$size.png"
  done
done
for glyph in states/*.svg; do
  case $glyph in
    */permission.svg | */question.svg) ink_of_glyph=$brass ;;
    *) ink_of_glyph=$ink ;;
  esac
  colour "$ink_of_glyph" <"$glyph" | rsvg-convert --width 16 --height 16 --output "${glyph%.svg}.png"
done
