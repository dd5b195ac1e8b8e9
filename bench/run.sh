#!/usr/bin/env bash
# Builds what is shipped, makes the Python side, and measures. Writes docs/benchmarks.md.
# Arguments go to bench/benchmarks.py, for example: bench/run.sh --only engine
set -euo pipefail
cd "$(dirname "$0")/.."
export DRISHTIKSHA_HOME=${DRISHTIKSHA_HOME:-$PWD/.drishtiksha}
venv=$DRISHTIKSHA_HOME/bench-venv

if ! [ -x "$venv/bin/python" ]; then
  python3 -m venv "$venv" || { echo "hint: python3 needs its venv module (Debian: apt-get install python3-venv)" >&2; exit 1; }
fi
if ! cmp -s bench/requirements.txt "$venv/installed.txt"; then
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement bench/requirements.txt
  cp bench/requirements.txt "$venv/installed.txt"
fi
cargo build --release --locked
exec "$venv/bin/python" bench/benchmarks.py --program target/release/drishtiksha "$@"
