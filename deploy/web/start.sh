#!/bin/sh
# Fills in the settings and becomes nginx. Everything that is written lies in WEB_PREFIX.
#
# API_UPSTREAM  where API servers listen, HOST:PORT (default: api:3000)
# WEB_LISTEN    where to listen, PORT or ADDRESS:PORT (default: 8080)
# WEB_ROOT      folder of the built app
# WEB_PREFIX    folder to write to (default: a new one where temporary files go)
# WEB_TEMPLATE  the configuration to be filled in (default: beside this script)
set -eu
: "${API_UPSTREAM:=api:3000}" "${WEB_LISTEN:=8080}" "${WEB_ROOT:=/usr/share/drishtiksha-web}" "${WEB_PREFIX:=$(mktemp -d)}"
: "${WEB_TEMPLATE:=$(dirname "$0")/nginx.conf.template}"
mkdir -p "$WEB_PREFIX"
sed -e "s|\${API_UPSTREAM}|$API_UPSTREAM|" -e "s|\${WEB_LISTEN}|$WEB_LISTEN|" -e "s|\${WEB_ROOT}|$WEB_ROOT|" \
  "$WEB_TEMPLATE" >"$WEB_PREFIX/nginx.conf"
exec nginx -e stderr -p "$WEB_PREFIX/" -c "$WEB_PREFIX/nginx.conf" -g 'daemon off;' "$@"
