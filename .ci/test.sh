#!/usr/bin/env bash
# Every test, in the order of what is quick to fail. The last lines are nextest's own summary.
#
#   .ci/test.sh default|long
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${1:-default}

(cd ui && npm test --silent)

# The tests in the real window start both programs, so both are there before any test runs.
cargo build --quiet --locked --workspace
cargo test --quiet --locked --doc --package reprise-core

if [ "$profile" = long ]; then export REPRISE_TEST_LONG=1; fi
cargo nextest run --locked --workspace --no-fail-fast --profile "$profile"
