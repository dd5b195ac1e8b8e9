#!/usr/bin/env bash
# Sourced by the scripts that measure the service, in the folder of the checkout: looks for what they need, installs the
# packages of the Node side and builds the program. Leaves `program` and `profile`.
# PROFILE=release measures what is shipped.
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
program=target/$folder/drishtiksha
export PYTHONPATH=bench${PYTHONPATH:+:$PYTHONPATH}
export program profile
