#!/usr/bin/env bash
# Draws the PNG icons again from their SVG sources, one rendering per size (never one bitmap scaled).
# Only needed after an SVG has changed; the PNGs are committed. Needs rsvg-convert (Debian: librsvg2-bin).
set -euo pipefail
cd "$(dirname "$0")/../icons"

for size in 16 32 48 64 128 256 512; do
  rsvg-convert --width "$size" --height "$size" icon.svg --output "${size}x${size}.png"
done
rsvg-convert --width 512 --height 512 icon.svg --output icon.png
