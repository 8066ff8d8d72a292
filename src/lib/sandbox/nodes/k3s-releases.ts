/** Below a node's root, the program that systemd starts as k3s: as long as nobody has put another one there, it goes by `k3s-version` of its state. */
export const programFile = 'usr/local/bin/k3s'

export const firstProgram = `#!/bin/sh
printf 'k3s version %s (sandbox)\\ngo version go1.24.11\\n' "$(cat "\${0%/root/*}/state/k3s-version")"
`

/** Those that the place of releases has for a node, as far as nobody says otherwise. */
export const releases = ['v1.33.10+k3s1', 'v1.34.6+k3s1', 'v1.34.7+k3s1', 'v1.34.7+k3s2', 'v1.35.3+k3s1', 'v1.36.0+k3s1']

/** Once k3s has started, its kubelet reports the version of that program. */
export const noteRunning = `"$state/../root/${programFile}" --version | sed -n 's/^k3s version \\([^ ]*\\).*/\\1/p' > "$state/k3s-running"`

/**
 * For the front of `curl`: GitHub's releases of k3s, those that `k3s-releases` in the node's state lists. `k3s-broken` there: what comes is not what the list of checksums
 * says; `k3s-unreachable`: nothing comes.
 */
export const releaseAnswers = `
case "$*" in *https://github.com/k3s-io/k3s/releases/download/*)
  url=; out=; head=no; fail=no; shown=no; before=
  for word in "$@"; do
    case $before in
      -o) out=$word; word= ;;
      -w) shown=yes; word= ;;
      *) case $word in https://*) url=$word ;; --*) ;; -*) case $word in -*I*) head=yes ;; esac; case $word in -*f*) fail=yes ;; esac ;; esac ;;
    esac
    before=$word
  done
  [ ! -f "$state/k3s-unreachable" ] || { echo 'curl: (6) Could not resolve host: github.com' >&2; [ $shown = no ] || printf '\\nstatus 000\\n'; exit 6; }
  file=\${url##*/}; version=\${url%/*}; version=$(echo "\${version##*/}" | sed 's/%2B/+/')
  program() { printf '#!/bin/sh\\necho "k3s version %s (sandbox)"\\necho "go version go1.24.11"\\n' "$version"; }
  code=200
  grep -qxF "$version" "$state/k3s-releases" || code=404
  case $file in k3s|k3s-arm64|sha256sum-amd64.txt|sha256sum-arm64.txt) ;; *) code=404 ;; esac
  if [ $code = 404 ] && [ $fail = yes ]; then echo 'curl: (22) The requested URL returned error: 404' >&2; exit 22; fi
  body() {
    if [ $code = 404 ]; then echo 'Not Found'; elif [ $head = yes ]; then printf 'HTTP/2 302 \\r\\ncontent-length: 0\\r\\n\\r\\nHTTP/2 200 \\r\\ncontent-length: 74182968\\r\\n\\r\\n'
    else case $file in
      k3s|k3s-arm64) program; [ ! -f "$state/k3s-broken" ] || echo '# and something else' ;;
      *) sum=$(program | sha256sum | cut -c1-64); suffix=; [ $file = sha256sum-amd64.txt ] || suffix=-arm64
        printf '%s  k3s%s\\n%s  k3s-airgap-images.tar.zst\\n' "$sum" "$suffix" "$(printf images | sha256sum | cut -c1-64)" ;;
    esac; fi
  }
  if [ -n "$out" ]; then body > "$out"; else body; fi
  [ $shown = no ] || printf '\\nstatus %s\\n' $code
  exit 0 ;;
esac
`
