import { randomBytes } from 'node:crypto'
import { apr1 } from '../../apr1.ts'
import { minutes } from '../../clock.ts'
import { Blocked } from '../../errors.ts'
import { askedFor, basicUserOf, lineHas } from '../../facts/secrets/basic-auth.ts'
import { dayOfRotation } from '../../facts/secrets/day-of-rotation.ts'
import { loginSource } from '../../facts/secrets/sources.ts'
import { later } from '../../later.ts'
import { every, type Finding, holds, when } from '../../plan/finding.ts'
import type { Change, Gate, Proof, Step } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import { Secret } from '../../secret.ts'
import type { Readers } from '../../systems/systems.ts'
import { valueFiles } from '../../value-files.ts'
import { baseOf, fitting, howFar, same } from './how-far.ts'
import { dropBoth, type Files, inFile, keepBoth, placeInSource, tidy } from './kept-files.ts'
import type { Kind } from './kinds.ts'
import { liveKey } from './live-secret.ts'
import type { ValueFacts } from './rotation-types.ts'

type Systems = Files | 'http'

interface LoginFacts extends ValueFacts {
  readonly namespace: string
  readonly secret: string
  readonly key: string
  readonly user: string
  readonly resourceVersion: string
  readonly lastRotated: string | undefined
  /** The line as it is to be. */
  readonly nextLine: Secret
  readonly hosts: readonly string[]
  /** What the old line is of, where the source says it. */
  readonly oldPassword: Secret | undefined
}

const called = 'admin-basic-auth'

/** Whom Traefik lets in to the admin panel: one user, by a line of htpasswd. Nobody can have two passwords there: the old one ends when the new one begins. */
export const adminBasicAuth: Kind<LoginFacts, Systems> = {
  gather: async (wish, look, context) => {
    const { environment, clock } = context
    const { namespace, basicAuth } = environment
    const { checkout } = look
    const [found, asked] = await Promise.all([basicUserOf(environment, look), askedFor(environment, look)])
    if (typeof found === 'string') throw noUser(found)
    const {
      secret,
      key: { name: key, rotatedAt },
      user,
      line,
    } = found
    const base = baseOf(called)
    const source = loginSource(environment)
    const [inSource, at, kept] = await Promise.all([
      source && checkout.value(source),
      source && checkout.valueLine(source),
      checkout.secret(valueFiles(base).new),
    ])
    const given = wish.from === undefined ? wish.typed : await checkout.given(wish.from)
    // Of the live password there is a hash alone: it is known again where somebody has it.
    const known = [kept, given, inSource].find((one) => one !== undefined && lineHas(line, user, one))
    const over = known !== undefined && (rotatedAt?.getTime() ?? 0) > clock.now().getTime() - wish.newerThan
    const isNew = known !== undefined && (kept ? same(known, kept) : given ? same(known, given) : over)
    const standing = {
      base,
      called,
      present: isNew ? known : line,
      inSource: inSource ?? known,
      over,
      madeAt: undefined,
      fitted: fitting({}),
    }
    const { next, old } = await howFar(checkout, standing, wish)
    return {
      ...wish,
      called,
      live: {
        shown: `Secret ${namespace}/${basicAuth.secret}, ${key}: the login of ${user}`,
        from: { namespace, name: basicAuth.secret, key },
        has: async (value, { kube: now }) => {
          const current = await now.secret(namespace, basicAuth.secret, key)
          return when(
            current !== undefined && value !== undefined && (same(current, value) || lineHas(current, user, value)),
            `${basicAuth.secret} has another line`,
          )
        },
        since: async ({ kube: now }) => (await liveKey(now, namespace, basicAuth.secret, key))?.[1].writtenAt,
      },
      lines: false,
      half: false,
      source,
      line: at,
      base,
      folder: checkout.folder,
      next,
      old,
      namespace,
      secret: basicAuth.secret,
      key,
      user,
      resourceVersion: secret.resourceVersion,
      lastRotated: secret.lastRotated,
      nextLine: new Secret(`${user}:${apr1(next.reveal(), randomBytes(6).toString('base64url').replace(/[-_]/g, '.'))}`),
      hosts: asked.hosts,
      before: same(inSource, next) ? undefined : inSource,
      oldPassword: inSource && lineHas(line, user, inSource) && !same(inSource, next) ? inSource : undefined,
      against: every([
        when(asked.middlewares.length > 0, `no middleware of Traefik uses Secret ${basicAuth.secret}`, 'honeydue secrets:status'),
        when(
          asked.hosts.length > 0,
          `no Ingress names ${asked.middlewares.join(', ') || 'such a middleware'}: nobody is asked for this login`,
          'honeydue secrets:status',
        ),
        when(
          source === undefined || inSource !== undefined,
          `deploy-k3s/config.yaml has no ${basicAuth.sourceKey}`,
          'honeydue config:explain',
        ),
      ]),
      clock,
    }
  },
  target: ({ hosts, user }) => [`${user} at ${hosts.join(', ')}`],
  beyond: ({ user, source, keepOld }) => [
    `There is no time with two: whoever is logged in as ${user} is asked again, by his browser, for the new password`,
    ...(source
      ? []
      : [
          'Its source is changed by hand: secret-rotation.md says config.yaml, and is cut before the key (basicAuth.sourceKey of the configuration names it)',
        ]),
    ...(keepOld ? ['The old line stays in a file beside the source, until the same command is run without --keep-old'] : []),
  ],
  steps: (facts) => [
    asks(facts),
    keepBoth(facts) as Step<Systems>,
    facts.source ? (placeInSource({ ...facts, source: facts.source, old: undefined }) as Step<Systems>) : inItsSource(facts),
    setLine(facts),
    lets(facts),
    ...(facts.old === undefined
      ? [tidy(facts) as Step<Systems>]
      : facts.keepOld
        ? []
        : [dropBoth<'http'>(facts, (look) => facts.live.has(facts.next, look), 'nobody has the old line any more')]),
  ],
}

/** Traefik, behind the edge, asks whoever has no login. */
const asksAll = async ({ hosts }: LoginFacts, { http }: Readers<'http'>): Promise<Finding> =>
  every(
    await Promise.all(
      hosts.map(async (host) => {
        const { status } = await http.get(`https://${host}/`)
        return when(status === 401, `https://${host}/ answers ${status} to whoever has no login, and not 401`, 'honeydue edge:status')
      }),
    ),
  )

const asks = (facts: LoginFacts): Proof<Systems> => ({
  title: 'Traefik asks for a login',
  holds: (look) => asksAll(facts, look),
  shows: ({ http }) => both(...facts.hosts.map((host) => http.asksLogin({ url: `https://${host}/` }))),
})

/** The one who has the password in his head, and the script that would put the old one back, both have it before it is in use. */
const inItsSource = ({ base, folder, next, live }: LoginFacts): Gate<Systems> => ({
  title: 'Put the new password into its source',
  ask: `It stands in ${folder}/${valueFiles(base).new}, for you alone. Put it into deploy-k3s/config.yaml, or the next 02-setup-secrets.sh puts the old one back, and where you keep passwords. Is it there?`,
  needless: (look) => live.has(next, look),
})

const setLine = (facts: LoginFacts): Change<Systems> => {
  const { namespace, secret: name, key, user, next, nextLine, old, resourceVersion, lastRotated, clock, live } = facts
  const { today, noted } = dayOfRotation(clock, lastRotated)
  const target = { namespace, name, key }
  return {
    title: `Set the login of ${user.slice(0, 20)} in ${name.slice(0, 24)}`,
    effect: [
      { what: `Secret ${namespace}/${name}, ${key}`, before: `${user} with the old password`, after: `${user} with the new one` },
      noted,
    ],
    check: async () => facts.against,
    apply: (write) =>
      write.kube.setSecretValue({
        ...target,
        file: inFile(facts, 'new').file,
        value: later(async () => nextLine),
        hashedFor: user,
        resourceVersion,
        rotated: today,
      }),
    verify: (look) => live.has(next, look),
    undo: async (write, look) =>
      write.kube.setSecretValue({
        ...target,
        ...inFile(facts, 'old'),
        value: later(async () => old ?? nextLine),
        resourceVersion: (await liveKey(look.kube, namespace, name, key))?.[0].resourceVersion ?? resourceVersion,
        ...(lastRotated !== undefined && { rotated: lastRotated }),
      }),
    undone: (look) => live.has(old, look),
  }
}

/** One line has taken the place of another: where the new one is let in, the old one is not. */
const lets = (facts: LoginFacts): Proof<Systems> => ({
  title: 'Traefik lets the new one in, and no old one',
  onlyAfterwards: true,
  holds: async (look) => {
    const { hosts, user, next, oldPassword } = facts
    const each = hosts.map(async (host): Promise<Finding> => {
      const url = `https://${host}/`
      const [mine, before] = await Promise.all([
        look.http.get(url, { user, password: next }),
        oldPassword && look.http.get(url, { user, password: oldPassword }),
      ])
      return every([
        when(
          mine.status < 500 && mine.status !== 401 && mine.status !== 403,
          `${url} answers ${mine.status} to the new login`,
          'honeydue edge:status',
        ),
        before ? when(before.status === 401, `${url} answers ${before.status} to the old login, and not 401`) : holds,
      ])
    })
    return every([await asksAll(facts, look), ...(await Promise.all(each))])
  },
  within: minutes(1),
  shows: ({ http }) =>
    both(...facts.hosts.map((host) => http.asksLogin({ url: `https://${host}/`, user: facts.user, file: inFile(facts, 'new').file }))),
})

const noUser = (because: string): Blocked =>
  new Blocked({
    code: 'secrets-no-login',
    failed: 'There is no login of Traefik that could be renewed',
    cause: because,
    next: 'honeydue secrets:status',
  })
