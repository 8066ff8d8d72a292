#!/bin/sh
# Installs what `npm run test:real` runs: servers from Debian's packages, a newer PgBouncer, goose, kubectl, asynq, versitygw and VictoriaMetrics, and Jaeger and Gitea where they are asked for. As root; as somebody else it says what is missing.
# It starts no service, and a second run finds all there and changes nothing.
set -eu

packages='openssh-client openssh-server tcsh fish sudo redis-server postgresql pgbouncer docker-registry exim4-daemon-light nginx ufw iproute2 procps curl openssl'
goose_version=v3.22.1
goose=/usr/local/lib/honeydue-real/goose
# goose's own parser as a program, for the files that ours is held to.
goose_parse=/usr/local/lib/honeydue-real/goose-parse
# Debian has no kubectl of 1.32, whose words the transcripts have. Any other place's is taken where it is in PATH.
kubectl_version=1.32.4
kubectl=/usr/local/lib/honeydue-real/kubectl
# kubectl needs Go 1.23; Debian 12's own 1.19 can fetch this toolchain, which is a module like any other.
toolchain=golang.org/toolchain@v0.0.1-go1.23.12
# asynq's own worker, scheduler and inspector, which the commands of the queue are held to; asynq 0.26 needs Go 1.24.
asynq_version=0.26.0
asynq=/usr/local/lib/honeydue-real/asynq-peer
# A control plane of Kubernetes, which the sandbox is held to: one program of 128 MB, eleven minutes of processor time. HONEYDUE_CONTROL_PLANE=1 asks for it, and it is kept.
control_plane_version=1.34.4
kwok_version=0.7.0
control_plane=/usr/local/lib/honeydue-real/control-plane
control_plane_toolchain=golang.org/toolchain@v0.0.1-go1.26.1
# A storage that speaks S3, which the sandbox's is held to; it needs Go 1.25.
versitygw_version=1.8.0
versitygw=/usr/local/lib/honeydue-real/versitygw
# The store of metrics and the agent that fills it; they need Go 1.26.6.
victoria_version=1.151.0
victoria=/usr/local/lib/honeydue-real/victoria-metrics
vmagent=/usr/local/lib/honeydue-real/vmagent
victoria_toolchain=golang.org/toolchain@v0.0.1-go1.26.8
# What takes minutes to build, and is kept: HONEYDUE_SLOW=1 asks for it, and .ci/run does. Jaeger is five to six minutes of processor time.
jaeger_version=1.76.0
jaeger=/usr/local/lib/honeydue-real/jaeger
# The registry of the deployment itself: seven minutes of processor time. It wants a C compiler for its database, and some of its module's files beside it.
gitea_version=1.25.5
gitea=/usr/local/lib/honeydue-real/gitea
# Debian 12 has 1.18; the sandbox's pooler behaves as this one. Its source lies on the mirror that apt uses.
bouncer_version=1.24.1
bouncer_sha256=da72a3aba13072876d055a3e58dd4aba4a5de4ed6148e73033185245598fd3e0
bouncer=/usr/local/lib/honeydue-real/pgbouncer
policy=/usr/sbin/policy-rc.d

here=$(cd "$(dirname "$0")" && pwd)

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

# [TOOLCHAIN OLDER]: sets $go, and $work with all that it makes. A Go whose version matches OLDER gives way to the toolchain.
prepare_go() {
  wanted=${1:-$toolchain}
  older=${2:-'1\.([0-9]|1[0-9]|2[0-2])'}
  work=$(mktemp -d)
  export GOPATH="$work/path" GOCACHE="$work/cache" GOBIN="$work/bin" GOFLAGS=-modcacherw
  go=$(go_of)
  if [ -z "$go" ]; then
    install_packages golang-go
    go=$(go_of)
  fi
  if "$go" version | grep -Eq " go$older(\.| )"; then
    platform="$("$go" env GOOS)-$("$go" env GOARCH)"
    (cd "$work" && GOFLAGS="$GOFLAGS" GONOSUMDB=golang.org/toolchain "$go" mod download "$wanted.$platform")
    root="$GOPATH/pkg/mod/$wanted.$platform"
    # A module's files carry no execute bits.
    chmod -R +x "$root/bin" "$root/pkg/tool"
    go="$root/bin/go"
  fi
}

install_goose() {
  prepare_go
  # Only the driver that this deployment uses: the others cost minutes of compiling.
  GOTOOLCHAIN=local "$go" install -tags 'no_clickhouse no_libsql no_mssql no_mysql no_sqlite3 no_vertica no_ydb' \
    "github.com/pressly/goose/v3/cmd/goose@$goose_version"
  mkdir -p "$(dirname "$goose")"
  mv "$work/bin/goose" "$goose"
  # Its parser is internal: who imports it has to stand in the same module.
  cp -R "$GOPATH/pkg/mod/github.com/pressly/goose/v3@$goose_version" "$work/goose"
  chmod -R u+w "$work/goose"
  mkdir "$work/goose/cmd/parse"
  cp "$here/goose/parser/main.go" "$work/goose/cmd/parse/main.go"
  (cd "$work/goose" && GOTOOLCHAIN=local "$go" build -mod=mod -o "$goose_parse" ./cmd/parse)
  rm -rf "$work"
}

# Upstream's own command of these few lines is in a module that cannot be installed by its name.
install_kubectl() {
  prepare_go
  mkdir "$work/kubectl"
  cat > "$work/kubectl/main.go" <<'END'
package main

import (
	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
END
  module_version="v0.${kubectl_version#1.}"
  cat > "$work/kubectl/go.mod" <<END
module honeydue-real/kubectl

go 1.23.0

require (
	k8s.io/component-base $module_version
	k8s.io/kubectl $module_version
)
END
  version=k8s.io/component-base/version
  (cd "$work/kubectl" && GOTOOLCHAIN=local "$go" build -mod=mod -o kubectl \
    -ldflags "-s -w -X $version.gitVersion=v$kubectl_version -X $version.gitMajor=1 -X $version.gitMinor=32" .)
  mkdir -p "$(dirname "$kubectl")"
  mv "$work/kubectl/kubectl" "$kubectl"
  rm -rf "$work"
}

install_control_plane() {
  prepare_go "$control_plane_toolchain" '1\.([0-9]|1[0-9]|2[0-5])'
  cp -R "$here/kubernetes/control-plane/." "$work/module"
  (cd "$work" && GOTOOLCHAIN=local "$go" mod download "sigs.k8s.io/kwok@v$kwok_version")
  cp -R "$GOPATH/pkg/mod/sigs.k8s.io/kwok@v$kwok_version" "$work/module/kwok"
  chmod -R u+w "$work/module/kwok"
  # It is written for the libraries of 1.33, of which 1.34 has one name no more: with that name's value it is compiled with the others'.
  sed -i 's|metav1.InitialEventsListBlueprintAnnotationKey|"kubernetes.io/initial-events-list-blueprint"|' "$work/module/kwok/pkg/utils/informer/informer.go"
  flags='-s -w'
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags="$flags -X $package.gitVersion=v$control_plane_version -X $package.gitMajor=1 -X $package.gitMinor=34 -X $package.gitTreeState=clean"
  done
  (cd "$work/module" && CGO_ENABLED=0 GOTOOLCHAIN=local "$go" build -ldflags "$flags" -o "$work/control-plane" .)
  # Where the parts were five programs, their folder has its name.
  rm -rf "$control_plane"
  mkdir -p "$(dirname "$control_plane")"
  mv "$work/control-plane" "$control_plane"
  rm -rf "$work"
}

install_asynq() {
  prepare_go "$control_plane_toolchain" '1\.([0-9]|1[0-9]|2[0-3])'
  cp -R "$here/asynq/peer/." "$work/module"
  mkdir -p "$(dirname "$asynq")"
  (cd "$work/module" && CGO_ENABLED=0 GOTOOLCHAIN=local "$go" build -trimpath -ldflags '-s -w' -o "$asynq" .)
  rm -rf "$work"
}

# MODULE@VERSION NAME=VALUE PACKAGE PROGRAM …: builds commands of a module as it stands, in a copy of it and by its own sums, with its version in that variable.
build_commands() {
  (cd "$work" && GOTOOLCHAIN=local "$go" mod download "$1")
  source="$GOPATH/pkg/mod/$(echo "$1" | sed 's/[A-Z]/!\l&/g')"
  copy="$work/source"
  rm -rf "$copy"
  cp -R "$source" "$copy"
  chmod -R u+w "$copy"
  variable=$2
  shift 2
  while [ $# -gt 0 ]; do
    (cd "$copy" && CGO_ENABLED="${with_c:-0}" GOTOOLCHAIN=local "$go" build -trimpath -tags "${build_tags:-}" -ldflags "-s -w -X $variable" -o "$work/out/$2" "./$1")
    shift 2
  done
}

install_versitygw() {
  prepare_go "$control_plane_toolchain" '1\.([0-9]|1[0-9]|2[0-4])'
  mkdir -p "$work/out" "$(dirname "$versitygw")"
  build_commands "github.com/versity/versitygw@v$versitygw_version" "main.Version=v$versitygw_version" cmd/versitygw versitygw
  mv "$work/out/versitygw" "$versitygw"
  rm -rf "$work"
}

install_victoria() {
  prepare_go "$victoria_toolchain" '1\.([0-9]|1[0-9]|2[0-5]|26\.[0-5])'
  mkdir -p "$work/out" "$(dirname "$victoria")"
  build_commands "github.com/VictoriaMetrics/VictoriaMetrics@v$victoria_version" \
    "github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version=v$victoria_version" \
    app/victoria-metrics victoria-metrics app/vmagent vmagent
  mv "$work/out/vmagent" "$vmagent"
  mv "$work/out/victoria-metrics" "$victoria"
  rm -rf "$work"
}

install_jaeger() {
  prepare_go "$control_plane_toolchain" '1\.([0-9]|1[0-9]|2[0-5])'
  mkdir -p "$work/out" "$(dirname "$jaeger")"
  build_commands "github.com/jaegertracing/jaeger@v$jaeger_version" \
    "github.com/jaegertracing/jaeger/internal/version.latestVersion=v$jaeger_version" cmd/all-in-one jaeger
  mv "$work/out/jaeger" "$jaeger"
  rm -rf "$work"
}

install_gitea() {
  needs=
  for package in gcc libc6-dev; do is_installed "$package" || needs="$needs $package"; done
  # shellcheck disable=SC2086 # one word a package
  [ -z "$needs" ] || install_packages $needs
  prepare_go "$control_plane_toolchain" '1\.([0-9]|1[0-9]|2[0-4])'
  mkdir -p "$work/out" "$(dirname "$gitea")"
  with_c=1 build_tags='sqlite sqlite_unlock_notify'
  build_commands "code.gitea.io/gitea@v$gitea_version" "main.Version=$gitea_version" . gitea
  with_c=0 build_tags=
  rm -rf "$gitea-static"
  mkdir "$gitea-static"
  for part in templates options public; do cp -R "$copy/$part" "$gitea-static/"; done
  chmod -R a+rX "$gitea-static"
  mv "$work/out/gitea" "$gitea"
  rm -rf "$work"
}

has_gitea() { [ -d "$gitea-static/public" ] && says " $gitea_version " "$gitea" --version; }

has_jaeger() { says "\"v$jaeger_version\"" "$jaeger" version; }

has_victoria() { says "v$victoria_version" "$victoria" -version && says "v$victoria_version" "$vmagent" -version; }

has_versitygw() { says "v$versitygw_version" "$versitygw" --version; }

# WORDS COMMAND …: whether a program says these words.
says() {
  words=$1
  shift
  case "$("$@" 2>/dev/null || true)" in *"$words"*) return 0 ;; esac
  return 1
}

# Of what asynq plays here there is a second one: it groups tasks.
has_asynq() { [ "$("$asynq" version 2>/dev/null || true)" = "\"asynq $asynq_version, peer 2\"" ]; }

has_control_plane() {
  [ "$("$control_plane" kube-apiserver --version 2>/dev/null || true)" = "Kubernetes v$control_plane_version" ] &&
    says "v$kwok_version" "$control_plane" kwok --version
}

# Whether the one that was built, or the one in PATH, is of 1.32.
has_kubectl() {
  for one in "$kubectl" kubectl; do
    case "$("$one" version --client 2>/dev/null || true)" in *v1.32.*) return 0 ;; esac
  done
  return 1
}

has_goose() { [ -x "$goose_parse" ] && [ "$("$goose" --version 2>/dev/null || true)" = "goose version: $goose_version" ]; }

has_bouncer() {
  case "$("$bouncer" --version 2>/dev/null || true)" in "PgBouncer $bouncer_version"*) return 0 ;; esac
  return 1
}

# NAME WHAT PLACE: builds what has_NAME does not find, by install_NAME.
provide() {
  if "has_$1"; then
    say "already there: $2"
    return
  fi
  say "building $2: some minutes at most"
  "install_$1"
  "has_$1" || fail "$2 was built and does not run: $3"
  say "built: $2, as $3"
}

install_bouncer() {
  needs=
  for package in gcc libc6-dev make pkg-config libevent-dev libssl-dev; do is_installed "$package" || needs="$needs $package"; done
  # shellcheck disable=SC2086 # one word a package
  if [ -n "$needs" ]; then install_packages $needs; else apt-get -qq update; fi
  work=$(mktemp -d)
  pool=$(apt-get --print-uris download pgbouncer | sed -n "s|^'\(.*\)/[^/]*' .*|\1|p")
  (cd "$work" &&
    /usr/lib/apt/apt-helper -qq download-file "$pool/pgbouncer_$bouncer_version.orig.tar.gz" source.tar.gz "SHA256:$bouncer_sha256" &&
    tar xzf source.tar.gz --strip-components=1 &&
    # For tests on loopback: names are looked up nowhere, and nothing has to be fast but the compiler.
    ./configure --without-cares --without-systemd CFLAGS=-O0 &&
    make -j2 pgbouncer) >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; fail "PgBouncer $bouncer_version was not built"; }
  mkdir -p "$(dirname "$bouncer")"
  mv "$work/pgbouncer" "$bouncer"
  chmod 755 "$bouncer"
  rm -rf "$work"
}

missing=
for package in $packages; do is_installed "$package" || missing="$missing $package"; done

if [ "$(id -u)" != 0 ]; then
  has_goose || missing="$missing goose"
  has_bouncer || missing="$missing PgBouncer-$bouncer_version"
  has_kubectl || missing="$missing kubectl-$kubectl_version"
  has_asynq || missing="$missing asynq-$asynq_version"
  has_versitygw || missing="$missing versitygw-$versitygw_version"
  has_victoria || missing="$missing VictoriaMetrics-$victoria_version"
  [ -n "$missing" ] || { say "already there: $packages, PgBouncer $bouncer_version, goose $goose_version, kubectl 1.32, asynq $asynq_version, versitygw $versitygw_version, VictoriaMetrics $victoria_version"; exit 0; }
  fail "missing:$missing. Next: sudo $0"
fi
command -v apt-get >/dev/null || fail "this is no Debian: install by hand what provides $packages, PgBouncer $bouncer_version as $bouncer, goose $goose_version as $goose, and kubectl 1.32"

if [ -n "$missing" ]; then
  # shellcheck disable=SC2086 # one word a package
  install_packages $missing
  say "installed, not started:$missing"
else
  say "already there: $packages"
fi

provide bouncer "PgBouncer $bouncer_version" "$bouncer"
provide goose "goose $goose_version" "$goose"
provide kubectl "kubectl 1.32" "$kubectl"
provide asynq "asynq $asynq_version" "$asynq"
provide versitygw "versitygw $versitygw_version" "$versitygw"
provide victoria "VictoriaMetrics $victoria_version with vmagent" "$victoria"
# NAME WHAT PLACE: the same of what is built where it was asked for.
provide_slow() {
  if [ "${HONEYDUE_SLOW:-}" = 1 ] || "has_$1"; then
    provide "$@"
  else
    say "not asked for: $2 (HONEYDUE_SLOW=1)"
  fi
}
provide_slow jaeger "Jaeger $jaeger_version" "$jaeger"
provide_slow gitea "Gitea $gitea_version" "$gitea"
if [ "${HONEYDUE_CONTROL_PLANE:-}" = 1 ] || has_control_plane; then
  provide control_plane "Kubernetes $control_plane_version with etcd and kwok" "$control_plane"
else
  say "not asked for: a control plane of Kubernetes $control_plane_version (HONEYDUE_CONTROL_PLANE=1)"
fi
