#!/bin/sh
# Fills in the settings and becomes nginx. Everything that is written lies in WEB_PREFIX.
#
# API_UPSTREAM  where API servers listen, HOST:PORT, several separated by commas (default: backend:3000). A name that
#               stands for several addresses means all of them; nginx 1.27.3 or later asks for them anew every few seconds
# WEB_LISTEN    where to listen, PORT or ADDRESS:PORT (default: 8080)
# WEB_TLS_CERT  file with the certificate and those between it and its authority (PEM): then WEB_LISTEN speaks TLS 1.3
# WEB_TLS_KEY   file with its key
# WEB_REDIRECT  with TLS: where plain HTTP is answered with a redirection to https, PORT or ADDRESS:PORT (default: nowhere)
# WEB_ROOT      folder of the built app
# WEB_PREFIX    folder to write to (default: a new one where temporary files go)
# WEB_TEMPLATE  the configuration to be filled in (default: beside this script)
set -eu
: "${API_UPSTREAM:=backend:3000}" "${WEB_LISTEN:=8080}" "${WEB_ROOT:=/usr/share/drishtiksha-web}" "${WEB_PREFIX:=$(mktemp -d)}"
: "${WEB_TEMPLATE:=$(dirname "$0")/nginx.conf.template}" "${WEB_TLS_CERT:=}" "${WEB_TLS_KEY:=}" "${WEB_REDIRECT:=}"

# True when this nginx is of at least the version of three numbers.
nginx_is() {
  nginx -v 2>&1 | sed 's|.*nginx/||; s|[^0-9.].*||' | {
    IFS=. read -r major minor patch
    [ "$((major * 1000000 + minor * 1000 + patch))" -ge "$(($1 * 1000000 + $2 * 1000 + $3))" ]
  }
}

# One line per API server. Names are looked up again while nginx runs, where it can do so: what they stand for changes
# when API servers are added or replaced.
write_servers() {
  resolver=$(sed -n 's/^nameserver *//p' /etc/resolv.conf 2>/dev/null | head -n 1)
  case $resolver in *:*) resolver="[$resolver]" ;; esac
  : >"$WEB_PREFIX/resolver.conf"
  again=""
  if [ -n "$resolver" ] && nginx_is 1 27 3; then
    echo "resolver $resolver valid=5s;" >"$WEB_PREFIX/resolver.conf"
    again=" resolve"
  fi
  for server in $(echo "$API_UPSTREAM" | tr ',' ' '); do
    case $server in
      [0-9\[]*) echo "server $server;" ;;
      *) echo "server $server$again;" ;;
    esac
  done >"$WEB_PREFIX/servers.conf"
}

write_ports() {
  : >"$WEB_PREFIX/redirect.conf"
  if [ -z "$WEB_TLS_CERT" ]; then
    echo "listen $WEB_LISTEN;" >"$WEB_PREFIX/listen.conf"
    return
  fi
  cat >"$WEB_PREFIX/listen.conf" <<LISTEN
listen $WEB_LISTEN ssl;
ssl_certificate $WEB_TLS_CERT;
ssl_certificate_key $WEB_TLS_KEY;
ssl_protocols TLSv1.3;
ssl_session_cache shared:tls:10m;
ssl_session_tickets off;
LISTEN
  [ -n "$WEB_REDIRECT" ] || return 0
  cat >"$WEB_PREFIX/redirect.conf" <<REDIRECT
server {
  listen $WEB_REDIRECT;
  location = /web-alive {
    return 204;
  }
  location / {
    return 308 https://\$host\$request_uri;
  }
}
REDIRECT
}

mkdir -p "$WEB_PREFIX"
write_servers
write_ports
cp "$(dirname "$WEB_TEMPLATE")/headers.conf" "$(dirname "$WEB_TEMPLATE")/proxy.conf" "$WEB_PREFIX/"
sed -e "s|\${WEB_ROOT}|$WEB_ROOT|" "$WEB_TEMPLATE" >"$WEB_PREFIX/nginx.conf"
exec nginx -e stderr -p "$WEB_PREFIX/" -c "$WEB_PREFIX/nginx.conf" -g 'daemon off;' "$@"
