#!/usr/bin/env bash
# Builds the program, installs the packages of the Node side, and measures. Writes docs/benchmarks-service.md.
# PROFILE=release measures what is shipped. Arguments go to bench/service/__main__.py, for example: bench/service/run.sh --quick
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=bench/service/prepare.sh
source bench/service/prepare.sh
exec python3 -B -m service --program "$program" --profile "$profile" "$@"
