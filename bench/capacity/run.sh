#!/usr/bin/env bash
# Builds the program and measures how it grows. Writes docs/benchmarks-capacity.md and its data.
# PROFILE=release measures what is shipped. Arguments go to bench/capacity/__main__.py, for example: bench/capacity/run.sh --quick
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=bench/service/prepare.sh
source bench/service/prepare.sh
exec python3 -B -m capacity --program "$program" --profile "$profile" "$@"
