#!/bin/sh
# Installs what `npm run test:real` runs: servers from Debian's packages, and goose. As root; as somebody else it says what is missing.
# It starts no service, and a second run finds all there and changes nothing.
set -eu

packages='openssh-client openssh-server redis-server postgresql pgbouncer ufw iproute2 curl openssl'
goose_version=v3.22.1
goose=/usr/local/lib/honeydue-real/goose
# goose needs Go 1.21; Debian 12's own 1.19 can fetch this toolchain, which is a module like any other.
toolchain=golang.org/toolchain@v0.0.1-go1.22.12
policy=/usr/sbin/policy-rc.d

say() { echo "install: $*"; }
fail() { echo "install: $*" >&2; exit 1; }

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Debian starts a service when its package is configured, unless this file says no.
forbid_services() {
  if [ -e "$policy" ]; then
    denied=0
    "$policy" pgbouncer start >/dev/null 2>&1 || denied=$?
    [ "$denied" != 101 ] || return 0
    mv "$policy" "$policy.before-honeydue"
  fi
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
  trap allow_services EXIT
  trap 'exit 130' INT TERM
}
allow_services() {
  rm -f "$policy"
  if [ -e "$policy.before-honeydue" ]; then mv "$policy.before-honeydue" "$policy"; fi
}

# Installs packages that were missing, and keeps the services that came with them from starting at boot.
install_packages() {
  forbid_services
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null
  command -v systemctl >/dev/null || return 0
  for package; do
    for unit in $(dpkg -L "$package" | sed -n 's|^.*/systemd/system/\([a-z-]*\.service\)$|\1|p' | sort -u); do
      systemctl disable "$unit" >/dev/null 2>&1 || true
    done
  done
}

go_of() {
  for go in "$(command -v go || true)" /usr/local/go/bin/go /usr/lib/go-*/bin/go; do
    if [ -x "$go" ]; then echo "$go"; return; fi
  done
}

install_goose() {
  work=$(mktemp -d)
  export GOPATH="$work/path" GOCACHE="$work/cache" GOBIN="$work/bin" GOFLAGS=-modcacherw
  go=$(go_of)
  if [ -z "$go" ]; then
    install_packages golang-go
    go=$(go_of)
  fi
  if "$go" version | grep -Eq ' go1\.([0-9]|1[0-9]|20)(\.| )'; then
    platform="$("$go" env GOOS)-$("$go" env GOARCH)"
    (cd "$work" && GOFLAGS="$GOFLAGS" GONOSUMDB=golang.org/toolchain "$go" mod download "$toolchain.$platform")
    root="$GOPATH/pkg/mod/$toolchain.$platform"
    # A module's files carry no execute bits.
    chmod -R +x "$root/bin" "$root/pkg/tool"
    go="$root/bin/go"
  fi
  # Only the driver that this deployment uses: the others cost minutes of compiling.
  GOTOOLCHAIN=local "$go" install -tags 'no_clickhouse no_libsql no_mssql no_mysql no_sqlite3 no_vertica no_ydb' \
    "github.com/pressly/goose/v3/cmd/goose@$goose_version"
  mkdir -p "$(dirname "$goose")"
  mv "$work/bin/goose" "$goose"
  rm -rf "$work"
}

missing=
for package in $packages; do is_installed "$package" || missing="$missing $package"; done
has_goose=no
[ "$("$goose" --version 2>/dev/null || true)" != "goose version: $goose_version" ] || has_goose=yes

if [ "$(id -u)" != 0 ]; then
  [ -n "$missing" ] || [ $has_goose = no ] || { say "already there: $packages, goose $goose_version"; exit 0; }
  [ $has_goose = yes ] || missing="$missing goose"
  fail "missing:$missing. Next: sudo $0"
fi
command -v apt-get >/dev/null || fail "this is no Debian: install by hand what provides $packages, and goose $goose_version as $goose"

if [ -n "$missing" ]; then
  # shellcheck disable=SC2086 # one word a package
  install_packages $missing
  say "installed, not started:$missing"
else
  say "already there: $packages"
fi

if [ $has_goose = yes ]; then
  say "already there: goose $goose_version"
else
  install_goose
  "$goose" --version >/dev/null || fail "goose was built and does not run: $goose"
  say "built: goose $goose_version, as $goose"
fi
