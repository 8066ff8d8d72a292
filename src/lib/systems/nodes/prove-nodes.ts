import { seconds } from '../../clock.ts'
import { k3sProgram } from '../../k3s.ts'
import { part, type ShellLine, sh, words } from '../../shell.ts'
import { snapshotFolder } from './disk.ts'
import { k3sFetchedLine } from './k3s-release.ts'
import { asRoot, overSsh, type SayNodesOptions } from './over-ssh.ts'
import type { NodesProver } from './types.ts'
import { upToDateLine } from './updates.ts'

/** `has RULE`, `hasnot RULE`: of what `rules` holds, without comments. */
const has: readonly ShellLine[] = [
  sh`has() { printf '%s\\n' "$rules" | grep -qxF "ufw $1"; }`,
  sh`hasnot() { if has "$1"; then return 1; fi; }`,
]

/** The lines over SSH that stop where a node is not so. */
export const proveNodes = (options: SayNodesOptions): NodesProver => {
  const over = overSsh(options)
  const root = asRoot(options)
  // By itself: behind a pipe, an ssh that fails would be rules that are not there.
  const read = (alias: string): readonly ShellLine[] => [
    sh`rules=$(${part(root(alias, sh`ufw show added`))})`,
    sh`rules=$(printf '%s\\n' "$rules" | sed "s/ comment '.*//")`,
  ]
  return {
    rules: (alias, { there = [], gone = [] }) => ({
      before: has,
      lines: [...read(alias), ...there.map((spec) => sh`has ${spec}`), ...gone.map((spec) => sh`hasnot ${spec}`)],
    }),
    letsIn: (alias, port) => ({
      lines: [
        ...read(alias),
        sh`lacks=; for range in $ranges; do printf '%s\\n' "$rules" | grep -qF "allow from $range to any port "${String(port)} || lacks="$lacks $range"; done`,
        // A rule may say the same in another shape, and only a look tells.
        sh`test -z "$lacks" || see ${`UFW of ${alias} lets in at ${port} what no rule of its own names:`}"$lacks"`,
      ],
    }),
    noConnections: (alias, port, within) => {
      const open = over(alias, sh`ss -Htn state established ${`( sport = :${port} )`}`)
      return {
        before: [sh`closed() { open=$("$@") && test -z "$open"; }`],
        lines: [sh`within ${whole(within)} closed ${part(open)}`],
      }
    },
    booted: (alias, { youngerThan, within }) => {
      const age = over(alias, sh`echo $(($(date +%s) - $(sed -n 's/^btime //p' /proc/stat)))`)
      return {
        before: [sh`younger() { than=$1; shift; age=$("$@") && test -n "$age" && test "$age" -lt "$than"; }`],
        lines: [sh`within ${whole(within)} younger ${whole(youngerThan)} ${part(age)}`],
      }
    },
    lacksKeys: (alias, { path, blobs }) => ({
      before: [sh`lacks() { if printf '%s\\n' "$keys" | grep -v '^[[:space:]]*#' | grep -qF "$1"; then return 1; fi; }`],
      lines: [sh`keys=$(${part(root(alias, sh`cat ${path}`))})`, ...blobs.map((blob) => sh`lacks ${blob}`)],
    }),
    upToDate: (alias, within) => ({ lines: [sh`within ${whole(within)} ${part(over(alias, upToDateLine))}`] }),
    hasRoom: (alias, { percent }) => ({
      lines: [
        sh`free=$(${part(over(alias, sh`df -Pk / | awk 'END { print int(100 * $4 / $2) }'`))})`,
        sh`test "$free" -ge ${percent} || see ${`${alias} has less than ${percent} % of its disk free:`}" $free %"`,
      ],
    }),
    snapshotSaved: (alias, { name, youngerThan }) => {
      const minutes = Math.max(1, Math.ceil(youngerThan / 60_000))
      const found = root(alias, sh`find ${snapshotFolder} -name ${`${name}-*`} -mmin ${`-${minutes}`} -size +0`)
      return { lines: [sh`found=$(${part(found)}); test -n "$found"`] }
    },
    k3sStopped: (alias, within) => {
      const state = over(alias, sh`systemctl is-active k3s || :`)
      return {
        before: [sh`stopped() { service=$("$@") && case $service in inactive|failed) ;; *) false ;; esac; }`],
        lines: [sh`within ${whole(within)} stopped ${part(state)}`],
      }
    },
    k3sActive: (alias, within) => ({ lines: [sh`within ${whole(within)} ${part(over(alias, sh`systemctl is-active --quiet k3s`))}`] }),
    k3sFetched: (alias, wanted) => ({ lines: [over(alias, k3sFetchedLine(wanted))] }),
    k3sIsOf: (alias, { version, within }) => {
      const is = sh`systemctl is-active --quiet k3s && ${k3sProgram} --version | grep -qF ${`k3s version ${version} `}`
      return { lines: [sh`within ${whole(within)} ${part(over(alias, is))}`] }
    },
    k3sCertificatesLast: (alias, { days, within }) => {
      const lasts = sh`openssl x509 -noout -checkend ${days * 86_400} > /dev/null`
      const shown = sh`openssl s_client -connect 127.0.0.1:6443 < /dev/null 2> /dev/null | ${part(lasts)}`
      const each = sh`cd /var/lib/rancher/k3s && for file in server/tls/*.crt server/tls/etcd/*.crt agent/*.crt; do if test -f "$file"; then ${part(lasts)} < "$file" || exit; fi; done && ${part(shown)}`
      return { lines: [sh`within ${whole(within)} ${part(root(alias, sh`sh -c ${each}`))}`] }
    },
    etcdHealthy: (alias, within) => {
      const healthy = sh`curl -s -m 3 http://127.0.0.1:2381/health | grep -q ${'"health":"true"'}`
      return { lines: [sh`within ${whole(within)} ${part(over(alias, healthy))}`] }
    },
    serves: ({ aliases, names, certificate, within }) => {
      const one = sh`openssl s_client -connect 127.0.0.1:443 -servername "$name" < /dev/null 2> /dev/null | openssl x509 -noout -pubkey 2> /dev/null | tr -d '\\n'; echo`
      const each = sh`{ for name in ${words(names)}; do ${part(one)}; done; }`
      return {
        before: [sh`serves() { theirs=$("$@" | sort -u) && test "$theirs" = "$ours"; }`],
        lines: [
          sh`ours=$(openssl x509 -in ${certificate} -noout -pubkey | tr -d '\\n')`,
          ...aliases.map((alias) => sh`within ${whole(within)} serves ${part(over(alias, each))}`),
        ],
      }
    },
    answersItself: (alias, urls) => ({
      lines: urls.map(({ url, like }) => {
        const { hostname } = new URL(url)
        const asked = over(alias, sh`curl -sk -m 5 -o /dev/null -w '%{http_code}' --resolve ${`${hostname}:443:127.0.0.1`} ${url}`)
        const pattern = part(like === 'success' ? sh`2??` : sh`[1-4]??`)
        return sh`code=$(${part(asked)}); case $code in ${pattern}) ;; *) echo "it answers $code" >&2; exit 1 ;; esac`
      }),
    }),
  }
}

const whole = (within: number): number => Math.max(1, Math.ceil(within / seconds(1)))
