#!/bin/sh
# Installs the real servers of `npm run test:real` from Debian's packages, without starting any of them. Run as root.
set -eu
[ "$(id -u)" = 0 ] || { echo "run this as root: sudo $0" >&2; exit 1; }
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends openssh-client openssh-server redis-server postgresql pgbouncer
