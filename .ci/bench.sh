#!/usr/bin/env bash
# Runs the bench on the programs of the package, as they would be installed.
#
#   .ci/bench.sh [ARGUMENT…]        those of the bench (tests/bench/main.rs)
set -euo pipefail
cd "$(dirname "$0")/.."

unpacked=target/bench/package
rm -rf "$unpacked"
mkdir -p "$unpacked"
dpkg-deb --extract target/package/reprise_*.deb "$unpacked"

# In one command with the programs that are measured, so that what they have in common has the same features: then it
# is built already.
cargo build --quiet --release --locked --package reprise --package reprise-session --package reprise-bench \
  --features reprise/custom-protocol,reprise-bench/custom-protocol
exec target/release/bench "$@"
