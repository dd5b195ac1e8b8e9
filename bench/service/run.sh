#!/usr/bin/env bash
# Builds the program, installs the packages of the Node side, and measures. Writes docs/benchmarks-service.md.
# PROFILE=release measures what is shipped. Arguments go to bench/service/__main__.py, for example: bench/service/run.sh --quick
set -euo pipefail
cd "$(dirname "$0")/../.."

hint() { echo "$1 is missing; hint: $2" >&2; exit 1; }
command -v node >/dev/null || hint node "install Node 20 or newer, with npm"
command -v redis-server >/dev/null || hint redis-server "Debian: apt-get install redis-server"
command -v psql >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || hint PostgreSQL "Debian: apt-get install postgresql"

node=bench/service/node
if ! cmp -s "$node/package-lock.json" "$node/node_modules/.installed"; then
  npm ci --prefix "$node" --silent
  cp "$node/package-lock.json" "$node/node_modules/.installed"
fi
profile=${PROFILE:-dev}
folder=$profile
if [ "$profile" = dev ]; then folder=debug; fi
cargo build --locked --workspace --bin drishtiksha --profile "$profile"
export PYTHONPATH=bench${PYTHONPATH:+:$PYTHONPATH}
exec python3 -B -m service --program "target/$folder/drishtiksha" --profile "$profile" "$@"
