import { execFileSync } from 'node:child_process'
import { outputOf, type UfwWorld } from '../../contract/ufw/world.ts'
import { installed } from '../../support/installed.ts'

// A network of its own for the rules, and mounts of its own over what ufw writes: the machine's firewall and files stay as they are.
const within = `
set -e
ip link set lo up
mount -t tmpfs none /run
cp -a /etc/ufw /run/ufw-was
mount -t tmpfs none /etc/ufw
cp -a /run/ufw-was/. /etc/ufw
# Its catalogues where a language pack puts them.
mount -t tmpfs none /usr/share/locale
for file in /usr/share/ufw/messages/*.mo; do
  name=\${file##*/}; into=/usr/share/locale/\${name%.mo}/LC_MESSAGES
  mkdir -p "$into"; cp "$file" "$into/ufw.mo"
done
set +e
exec sh -s`

/** Debian's ufw in a network namespace that lives as long as one script. */
export const realUfw = async (): Promise<UfwWorld> => {
  installed('ufw', 'ufw')
  const unshare = installed('unshare', 'util-linux')
  installed('ip', 'iproute2')
  const args = ['--net', '--mount', '--propagation', 'private']
  try {
    execFileSync(unshare, [...args, 'true'], { stdio: 'pipe' })
  } catch (error) {
    throw new Error(
      `ufw needs a network namespace of its own, and this machine does not grant one${process.getuid?.() === 0 ? '' : ' to anybody but root'}. Next: run it as root, where unshare --net --mount true succeeds`,
      { cause: error },
    )
  }
  const env = { ...process.env, PATH: `/usr/sbin:/sbin:${process.env['PATH'] ?? '/usr/bin:/bin'}`, LC_ALL: 'C' }
  return {
    run: (script) => outputOf(unshare, [...args, 'sh', '-c', within], script, env),
    reset: async () => {},
    stop: async () => {},
  }
}
