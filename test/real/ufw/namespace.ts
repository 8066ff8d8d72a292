import { execFileSync } from 'node:child_process'
import { isIPv6 } from 'node:net'
import { type Knock, outputOf, type UfwWorld } from '../../contract/ufw/world.ts'
import { installed } from '../../support/installed.ts'

// A network of its own for the rules, and mounts of its own over what ufw writes: the machine's firewall and files stay as they are.
const within = `
set -e
ip link set lo up
mount -t tmpfs none /run
cp -a /etc/ufw /run/ufw-was
mount -t tmpfs none /etc/ufw
cp -a /run/ufw-was/. /etc/ufw
cp -a /etc/default /run/default-was
mount -t tmpfs none /etc/default
cp -a /run/default-was/. /etc/default
# Its catalogues where a language pack puts them.
mount -t tmpfs none /usr/share/locale
for file in /usr/share/ufw/messages/*.mo; do
  name=\${file##*/}; into=/usr/share/locale/\${name%.mo}/LC_MESSAGES
  mkdir -p "$into"; cp "$file" "$into/ufw.mo"
done
set +e
exec sh -s`

/** The book's first node as an address, and the way by which everybody else comes. */
const machine = ['178.104.247.152', '2a01:4f8::152'] as const

/** A second network, joined by one cable: the machine's end is eth0, the other has every address that knocks. */
const outside = (knocks: readonly Knock[]): string => {
  const sources = [...new Set(knocks.map(({ from }) => from))]
  return `unshare --net sleep 60 > /dev/null 2>&1 & beyond=$!
until [ "$(readlink /proc/$beyond/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
ip link add eth0 type veth peer name cable netns $beyond
there() { nsenter -t $beyond -n "$@"; }
there ip link set lo up; there ip link set cable up; ip link set eth0 up
ip addr add ${machine[0]}/32 dev eth0; ip addr add ${machine[1]}/128 dev eth0 nodad
${sources.map((from) => `there ip addr add ${from}/${isIPv6(from) ? '128' : '32'} dev cable${isIPv6(from) ? ' nodad' : ''}`).join('\n')}
ip -4 route add default dev eth0; ip -6 route add default dev eth0
there ip -4 route add default dev cable; there ip -6 route add default dev cable
`
}

// A drop is silence: whoever has not come in after this long is kept out. The cable takes less than a millisecond.
const patience = 1_000

const listen = `const net = require('node:net'); const ports = process.argv.slice(1).map(Number); let open = 0
for (const port of ports) net.createServer((one) => one.end()).listen(port, '::', () => { open += 1; if (open === ports.length) console.log('open') })`

const call = `const net = require('node:net')
const [knocks, four, six] = JSON.parse(process.argv[1])
Promise.all(knocks.map(({ from, port }) => new Promise((resolve) => {
  const socket = net.connect({ host: from.includes(':') ? six : four, port, localAddress: from })
  const ends = (through) => { socket.destroy(); resolve(through) }
  socket.setTimeout(${patience}, () => ends(false)).once('connect', () => ends(true)).once('error', () => ends(false))
}))).then((all) => console.log('through ' + JSON.stringify(all)))`

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const knocking = (knocks: readonly Knock[]): string => {
  const ports = [...new Set(knocks.map(({ port }) => port))]
  const node = quoted(process.execPath)
  return `
opened=$(mktemp); ${node} -e ${quoted(listen)} ${ports.join(' ')} > $opened & server=$!
until grep -q open $opened; do kill -0 $server || exit 1; sleep 0.02; done
there ${node} -e ${quoted(call)} ${quoted(JSON.stringify([knocks, ...machine]))}
kill $server $beyond
`
}

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
  const run = (script: string) => outputOf(unshare, [...args, 'sh', '-c', within], script, env)
  return {
    run,
    async knock(script, knocks) {
      const said = await run(`${outside(knocks)}${script}${knocking(knocks)}`)
      const answer = /^through (.*)$/m.exec(said)?.[1]
      if (answer === undefined) throw new Error(`nobody could knock: ${said.slice(-500)}`)
      const through: readonly boolean[] = JSON.parse(answer)
      return { said, through: knocks.filter((_, at) => through[at]) }
    },
    reset: async () => {},
    stop: async () => {},
  }
}
