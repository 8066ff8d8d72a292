import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse, stringify } from 'yaml'

/** The parts of a kubeconfig with one context. */
interface Parts {
  readonly cluster: Record<string, unknown>
  readonly user: Record<string, unknown>
}

/** What a sample's author has to hand. */
export interface Kit extends Parts {
  /** Writes a file beside the others; returns its path. */
  readonly write: (name: string, content: string, mode?: number) => string
  readonly ca: string
  readonly certificate: string
  readonly key: string
  /** A token that the cluster takes. */
  readonly token: string
  readonly proxies: { readonly http: string; readonly socks: string }
}

/** A list for KUBECONFIG, and whether kubectl gets the nodes with it. */
export interface Sample {
  readonly name: string
  readonly write: (kit: Kit) => readonly string[]
  readonly gets: boolean
}

/** One file with one context of this cluster and user. */
export const whole = ({ cluster, user }: Parts, more: object = {}): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    ...more,
  })

const plugin = (script: string) => `#!/bin/sh\n${script}\n`
const credential = (status: object) => JSON.stringify({ kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status })
const exec = (command: string, more: object = {}) => ({
  exec: { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never', ...more },
})
const server = ({ cluster }: Parts) => String(cluster.server)

/** Kubeconfigs as people have them; the judge is `kubectl get nodes`. */
export const samples: readonly Sample[] = [
  { name: 'one file with its data inside', write: (kit) => [kit.write('a', whole(kit))], gets: true },
  {
    name: 'relative files, looked for beside the kubeconfig',
    write: (kit) => {
      kit.write('pki/ca.crt', kit.ca)
      kit.write('pki/me.crt', kit.certificate)
      kit.write('pki/me.key', kit.key)
      const cluster = { server: server(kit), 'certificate-authority': 'pki/ca.crt' }
      return [kit.write('a', whole({ cluster, user: { 'client-certificate': 'pki/me.crt', 'client-key': './pki/me.key' } }))]
    },
    gets: true,
  },
  {
    name: 'a context in one file, its cluster and user in others, and one that is not there',
    write: (kit) => [
      kit.write('a', stringify({ 'current-context': 'here', contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }] })),
      '/nonexistent/config',
      kit.write('b', stringify({ clusters: [{ name: 'c', cluster: kit.cluster }] })),
      kit.write('c', stringify({ users: [{ name: 'u', user: kit.user }] })),
    ],
    gets: true,
  },
  {
    name: 'an empty current-context before one that is set',
    write: (kit) => [
      kit.write('a', stringify({ 'current-context': '', contexts: null, clusters: [], users: null })),
      kit.write('b', whole(kit)),
    ],
    gets: true,
  },
  {
    name: 'the first of two users of one name',
    write: (kit) => [kit.write('a', whole(kit)), kit.write('b', stringify({ users: [{ name: 'u', user: { token: 'nothing' } }] }))],
    gets: true,
  },
  {
    name: 'the wrong one of two users of one name first',
    write: (kit) => [kit.write('a', stringify({ users: [{ name: 'u', user: { token: 'nothing' } }] })), kit.write('b', whole(kit))],
    gets: false,
  },
  {
    name: 'a context whose cluster another file has under the same name, where nobody listens',
    write: (kit) => [
      kit.write('a', stringify({ clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:9' } }] })),
      kit.write('b', whole(kit)),
    ],
    gets: false,
  },
  {
    name: 'relative files of the second file',
    write: (kit) => {
      kit.write('two/ca.crt', kit.ca)
      return [
        kit.write(
          'a',
          stringify({
            'current-context': 'here',
            contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
            users: [{ name: 'u', user: kit.user }],
          }),
        ),
        kit.write('two/b', stringify({ clusters: [{ name: 'c', cluster: { server: server(kit), 'certificate-authority': 'ca.crt' } }] })),
      ]
    },
    gets: true,
  },
  { name: 'an empty file before a whole one', write: (kit) => [kit.write('a', ''), kit.write('b', whole(kit))], gets: true },
  { name: 'a second file that is no YAML', write: (kit) => [kit.write('a', whole(kit)), kit.write('b', 'clusters: [')], gets: false },
  {
    name: 'a proxy for HTTP',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, 'proxy-url': kit.proxies.http } }))],
    gets: true,
  },
  {
    name: 'a SOCKS proxy',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, 'proxy-url': kit.proxies.socks } }))],
    gets: true,
  },
  {
    name: 'a proxy that is not there',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, 'proxy-url': 'http://127.0.0.1:9' } }))],
    gets: false,
  },
  {
    name: 'a proxy of another kind',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, 'proxy-url': 'ftp://127.0.0.1:9' } }))],
    gets: false,
  },
  {
    name: 'the name to verify of a server that is reached by its address',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, 'tls-server-name': 'localhost' } }))],
    gets: true,
  },
  {
    name: 'another name to verify',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, 'tls-server-name': 'other.example' } }))],
    gets: false,
  },
  {
    name: 'no authority, and no verification',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { server: server(kit), 'insecure-skip-tls-verify': true } }))],
    gets: true,
  },
  { name: 'no authority', write: (kit) => [kit.write('a', whole({ ...kit, cluster: { server: server(kit) } }))], gets: false },
  {
    name: 'a server without a scheme',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, server: new URL(server(kit)).host } }))],
    gets: false,
  },
  { name: 'a user that is not there', write: (kit) => [kit.write('a', whole(kit, { users: [] }))], gets: false },
  {
    name: 'a current-context that is not there',
    write: (kit) => [kit.write('a', whole(kit, { 'current-context': 'there' }))],
    gets: false,
  },
  {
    name: 'two clusters of one name',
    write: (kit) => [
      kit.write(
        'a',
        whole(kit, {
          clusters: [
            { name: 'c', cluster: kit.cluster },
            { name: 'c', cluster: kit.cluster },
          ],
        }),
      ),
    ],
    gets: false,
  },
  { name: 'the file as JSON with a byte-order mark', write: (kit) => [kit.write('a', JSON.stringify(parse(whole(kit))))], gets: true },
  { name: 'a token', write: (kit) => [kit.write('a', whole({ ...kit, user: { token: kit.token } }))], gets: true },
  {
    name: 'a token in a file with a line break, beside the kubeconfig',
    write: (kit) => {
      kit.write('token', `${kit.token}\n`)
      return [kit.write('a', whole({ ...kit, user: { tokenFile: 'token' } }))]
    },
    gets: true,
  },
  {
    name: 'a token that is old, and its file that is not',
    write: (kit) => [kit.write('a', whole({ ...kit, user: { token: 'old', tokenFile: kit.write('token', kit.token) } }))],
    gets: true,
  },
  {
    name: "a token's file that is not there",
    write: (kit) => [kit.write('a', whole({ ...kit, user: { tokenFile: 'nothing' } }))],
    gets: false,
  },
  {
    name: 'speaking for somebody who may not',
    write: (kit) => [kit.write('a', whole({ ...kit, user: { ...kit.user, as: 'nobody' } }))],
    gets: false,
  },
  {
    name: 'speaking for somebody in a group that may',
    write: (kit) => [kit.write('a', whole({ ...kit, user: { ...kit.user, as: 'somebody', 'as-groups': ['system:masters'] } }))],
    gets: true,
  },
  {
    name: 'a program beside the file that lends a token',
    write: (kit) => {
      kit.write('lend', plugin(`echo '${credential({ token: kit.token })}'`), 0o755)
      return [kit.write('a', whole({ ...kit, user: exec('./lend') }))]
    },
    gets: true,
  },
  {
    name: 'a program that lends a certificate, by its variables',
    write: (kit) => {
      const status = credential({ clientCertificateData: kit.certificate, clientKeyData: kit.key })
      kit.write('answer', status)
      const lend = kit.write('lend', plugin('[ -n "$KUBERNETES_EXEC_INFO" ] && cat "$ANSWER"'), 0o755)
      return [kit.write('a', whole({ ...kit, user: exec(lend, { env: [{ name: 'ANSWER', value: kit.write('answer', status) }] }) }))]
    },
    gets: true,
  },
  {
    name: 'a program that is not there',
    write: (kit) => [kit.write('a', whole({ ...kit, user: exec('no-such-program', { installHint: 'apt install it' }) }))],
    gets: false,
  },
  {
    name: 'a program that fails',
    write: (kit) => [
      kit.write('a', whole({ ...kit, user: exec(kit.write('lend', plugin('echo the session has expired >&2; exit 3'), 0o755)) })),
    ],
    gets: false,
  },
  {
    name: 'a folder before a good file',
    write: (kit) => {
      const file = kit.write('a', whole(kit))
      return [dirname(file), file]
    },
    gets: false,
  },
  {
    name: 'a folder after a good file',
    write: (kit) => {
      const file = kit.write('a', whole(kit))
      return [file, dirname(file)]
    },
    gets: false,
  },
  {
    name: 'a path through a file before a good one',
    write: (kit) => {
      const file = kit.write('a', whole(kit))
      return [`${file}/b`, file]
    },
    gets: false,
  },
  {
    name: 'a program that prints no credential',
    write: (kit) => [kit.write('a', whole({ ...kit, user: exec(kit.write('lend', plugin('echo hvs.secret'), 0o755)) }))],
    gets: false,
  },
  {
    name: 'a server with a slash at its end',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, server: `${server(kit)}/` } }))],
    gets: true,
  },
  {
    name: 'a server under a path',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, server: `${server(kit)}/k8s/clusters/c-m-1` } }))],
    gets: false,
  },
  {
    name: 'a scheme in capitals',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, server: server(kit).replace('https', 'HTTPS') } }))],
    gets: true,
  },
  {
    name: 'a server with a question',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, server: `${server(kit)}?a=b` } }))],
    gets: true,
  },
  {
    name: 'an authority, and no verification',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, 'insecure-skip-tls-verify': true } }))],
    gets: false,
  },
  {
    name: 'an authority as data and as a file that is not there',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, 'certificate-authority': '/nonexistent/ca.crt' } }))],
    gets: false,
  },
  {
    name: "an authority's file that is not there",
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { server: server(kit), 'certificate-authority': '/nonexistent/ca.crt' } }))],
    gets: false,
  },
  {
    name: 'a certificate as data and as a file that is not there',
    write: (kit) => [kit.write('a', whole({ ...kit, user: { ...kit.user, 'client-certificate': '/nonexistent/me.crt' } }))],
    gets: false,
  },
  {
    name: 'a certificate without its key',
    write: (kit) => [
      kit.write('a', whole({ ...kit, user: { 'client-certificate-data': kit.user['client-certificate-data'], token: kit.token } })),
    ],
    gets: false,
  },
  {
    name: 'a key of another certificate',
    write: (kit) => [kit.write('a', whole({ ...kit, user: { ...kit.user, 'client-key-data': Buffer.from(kit.ca).toString('base64') } }))],
    gets: false,
  },
  {
    name: 'an empty token beside a certificate',
    write: (kit) => [kit.write('a', whole({ ...kit, user: { ...kit.user, token: '' } }))],
    gets: true,
  },
  { name: 'an empty token alone', write: (kit) => [kit.write('a', whole({ ...kit, user: { token: '' } }))], gets: false },
  {
    name: 'a token with a line break',
    write: (kit) => [kit.write('a', whole({ ...kit, user: { token: `${kit.token}\n` } }))],
    gets: false,
  },
  {
    name: 'a certificate, and a token that nobody knows',
    write: (kit) => [kit.write('a', whole({ ...kit, user: { ...kit.user, token: 'nobody' } }))],
    gets: true,
  },
  {
    name: "a token's file that is empty, beside a certificate",
    write: (kit) => [kit.write('a', whole({ ...kit, user: { ...kit.user, tokenFile: kit.write('token', '') } }))],
    gets: false,
  },
  {
    name: 'a token and a program',
    write: (kit) => [kit.write('a', whole({ ...kit, user: { token: kit.token, ...exec('no-such-program') } }))],
    gets: true,
  },
  {
    name: 'a program and a password',
    write: (kit) => [kit.write('a', whole({ ...kit, user: { username: 'me', password: 'x', ...exec('no-such-program') } }))],
    gets: false,
  },
  {
    name: 'a program of an older version of the interface',
    write: (kit) => {
      const answer = JSON.stringify({
        kind: 'ExecCredential',
        apiVersion: 'client.authentication.k8s.io/v1beta1',
        status: { token: kit.token },
      })
      const lend = kit.write('lend', plugin(`echo '${answer}'`), 0o755)
      return [kit.write('a', whole({ ...kit, user: { exec: { apiVersion: 'client.authentication.k8s.io/v1beta1', command: lend } } }))]
    },
    gets: true,
  },
  {
    name: 'a program of a version that is gone',
    write: (kit) => {
      const lend = kit.write('lend', plugin(`echo '${credential({ token: kit.token })}'`), 0o755)
      return [kit.write('a', whole({ ...kit, user: exec(lend, { apiVersion: 'client.authentication.k8s.io/v1alpha1' }) }))]
    },
    gets: false,
  },
  {
    name: 'a program that answers in another version',
    write: (kit) => {
      const answer = credential({ token: kit.token }).replace('/v1', '/v1beta1')
      return [kit.write('a', whole({ ...kit, user: exec(kit.write('lend', plugin(`echo '${answer}'`), 0o755)) }))]
    },
    gets: false,
  },
  {
    name: 'a program whose word of asking is missing',
    write: (kit) => {
      const lend = kit.write('lend', plugin(`echo '${credential({ token: kit.token })}'`), 0o755)
      return [kit.write('a', whole({ ...kit, user: exec(lend, { interactiveMode: undefined }) }))]
    },
    gets: false,
  },
  {
    name: 'a program that prints words before its answer',
    write: (kit) => {
      const lend = kit.write('lend', plugin(`echo Welcome; echo '${credential({ token: kit.token })}'`), 0o755)
      return [kit.write('a', whole({ ...kit, user: exec(lend) }))]
    },
    gets: false,
  },
  {
    name: 'a program that may not be run',
    write: (kit) => [kit.write('a', whole({ ...kit, user: exec(kit.write('lend', plugin('true'), 0o644)) }))],
    gets: false,
  },
  {
    name: 'a program that wants its cluster',
    write: (kit) => {
      const lend = kit.write(
        'lend',
        plugin(`case $KUBERNETES_EXEC_INFO in *'"server":"${server(kit)}"'*) echo '${credential({ token: kit.token })}';; esac`),
        0o755,
      )
      return [kit.write('a', whole({ ...kit, user: exec(lend, { provideClusterInfo: true }) }))]
    },
    gets: true,
  },
  {
    name: 'no current-context',
    write: (kit) => [kit.write('a', whole(kit, { 'current-context': undefined }))],
    gets: false,
  },
  {
    name: 'a context without a user',
    write: (kit) => [kit.write('a', whole(kit, { contexts: [{ name: 'here', context: { cluster: 'c' } }] }))],
    gets: false,
  },
  {
    name: 'a context of a cluster that is not there',
    write: (kit) => [kit.write('a', whole(kit, { clusters: [] }))],
    gets: false,
  },
  {
    name: 'CRLF, preferences, extensions and a namespace',
    write: (kit) => [
      kit.write(
        'a',
        whole(kit, {
          preferences: { colors: true },
          extensions: [{ name: 'x', extension: { any: 1 } }],
          contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: 'kube-system', extensions: [] } }],
        }).replaceAll('\n', '\r\n'),
      ),
    ],
    gets: true,
  },
  {
    name: 'no apiVersion and no kind',
    write: (kit) => [kit.write('a', whole(kit, { apiVersion: undefined, kind: undefined }))],
    gets: true,
  },
  { name: 'another apiVersion', write: (kit) => [kit.write('a', whole(kit, { apiVersion: 'v2' }))], gets: false },
  { name: 'a key that nobody knows', write: (kit) => [kit.write('a', whole(kit, { stray: [1] }))], gets: true },
  {
    name: 'anchors, aliases and a merge',
    write: (kit) => [
      kit.write(
        'a',
        `x: &user ${JSON.stringify(kit.user)}\n${whole(kit, { users: undefined })}users:\n- name: u\n  user:\n    <<: *user\n`,
      ),
    ],
    gets: true,
  },
  {
    name: 'a key twice: the last counts',
    write: (kit) => [kit.write('a', `${whole(kit, { 'current-context': 'there' })}current-context: here\n`)],
    gets: true,
  },
  { name: 'a file of another kind', write: (kit) => [kit.write('a', whole(kit, { kind: 'Secret' }))], gets: false },
  {
    name: 'a token and a password',
    write: (kit) => [kit.write('a', whole({ ...kit, user: { token: kit.token, username: 'me', password: 'x' } }))],
    gets: false,
  },
  {
    name: 'an extra to speak for, and nobody',
    write: (kit) => [kit.write('a', whole({ ...kit, user: { ...kit.user, 'as-user-extra': { reason: ['x'] } } }))],
    gets: false,
  },
  {
    name: 'no groups to speak for, and nobody',
    write: (kit) => [kit.write('a', whole({ ...kit, user: { ...kit.user, 'as-groups': [], 'as-user-extra': {} } }))],
    gets: true,
  },
  { name: 'two documents in one file', write: (kit) => [kit.write('a', `${whole(kit)}---\nkind: Config\n`)], gets: true },
  {
    name: 'a name that is a number',
    write: (kit) => [kit.write('a', whole(kit).replace('name: here', 'name: 7').replace('current-context: here', 'current-context: 7'))],
    gets: false,
  },
  {
    name: 'a list with an empty place in it',
    write: (kit) => {
      const file = kit.write('a', whole(kit))
      return ['', file, '']
    },
    gets: true,
  },
  {
    name: 'a verified name that is an address',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, 'tls-server-name': '127.0.0.1' } }))],
    gets: true,
  },
  {
    name: 'a verified name with a dot at its end',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, 'tls-server-name': 'localhost.' } }))],
    gets: true,
  },
  {
    name: 'an authority in data with words around it',
    write: (kit) => [
      kit.write(
        'a',
        whole({
          ...kit,
          cluster: { server: server(kit), 'certificate-authority-data': Buffer.from(`subject: it\n${kit.ca}\n`).toString('base64') },
        }),
      ),
    ],
    gets: true,
  },
  {
    name: 'data of base64 that breaks its lines',
    write: (kit) => [
      kit.write(
        'a',
        whole({
          ...kit,
          cluster: {
            server: server(kit),
            'certificate-authority-data': Buffer.from(kit.ca).toString('base64').replaceAll(/.{64}/g, '$&\n'),
          },
        }),
      ),
    ],
    gets: true,
  },
  {
    name: 'data that is no base64',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { server: server(kit), 'certificate-authority-data': kit.ca } }))],
    gets: false,
  },
  {
    name: 'a proxy with a name and a password',
    write: (kit) => [
      kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, 'proxy-url': kit.proxies.http.replace('//', '//me:secret@') } })),
    ],
    gets: true,
  },
  {
    name: 'a proxy of SOCKS that looks names up',
    write: (kit) => [
      kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, 'proxy-url': kit.proxies.socks.replace('socks5:', 'socks5h:') } })),
    ],
    gets: false,
  },
  {
    name: 'a proxy without a scheme',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, 'proxy-url': kit.proxies.http.replace('http://', '') } }))],
    gets: false,
  },
  {
    name: 'an empty proxy',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, 'proxy-url': '' } }))],
    gets: true,
  },
  {
    name: 'no compression',
    write: (kit) => [kit.write('a', whole({ ...kit, cluster: { ...kit.cluster, 'disable-compression': true } }))],
    gets: true,
  },
  {
    name: 'groups to speak for, and nobody in them',
    write: (kit) => [kit.write('a', whole({ ...kit, user: { ...kit.user, 'as-groups': ['system:masters'] } }))],
    gets: false,
  },
]

/** Writes a sample's files into a folder of its own; returns the list for KUBECONFIG. */
export const written = (
  { name, write }: Sample,
  folder: string,
  from: { readonly kubeconfig: string; readonly token: string; readonly proxies: Kit['proxies'] },
): readonly string[] => {
  const dir = join(folder, name.replaceAll(/\W+/g, '-'))
  const { clusters, users } = parse(readFileSync(from.kubeconfig, 'utf8')) as {
    readonly clusters: readonly { readonly cluster: Record<string, unknown> }[]
    readonly users: readonly { readonly user: Record<string, unknown> }[]
  }
  const [cluster, user] = [clusters[0]?.cluster ?? {}, users[0]?.user ?? {}]
  const pem = (of: Record<string, unknown>, key: string) => Buffer.from(String(of[`${key}-data`] ?? ''), 'base64').toString()
  return write({
    cluster,
    user,
    ca: pem(cluster, 'certificate-authority'),
    certificate: pem(user, 'client-certificate'),
    key: pem(user, 'client-key'),
    token: from.token,
    proxies: from.proxies,
    write: (file, content, mode = 0o600) => {
      const path = join(dir, file)
      mkdirSync(join(path, '..'), { recursive: true })
      writeFileSync(path, content)
      chmodSync(path, mode)
      return path
    },
  })
}
