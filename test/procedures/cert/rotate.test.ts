import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { takeBack, undoingOf } from '../../../src/lib/plan/undo.ts'
import { rotate } from '../../../src/lib/procedures/cert/rotate.ts'
import { apiHost, namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { input, soon, useRotation } from './rotation.ts'

const { sandbox, opened, context, run, file, current, secret, oneHost, valid, health } = useRotation()

test('a rotation under constant requests through the edge loses none, and ends with the new certificate alone', async () => {
  const systems = opened()
  const first = current()
  const statuses: number[] = []
  const running = { on: true }
  const requests = (async () => {
    while (running.on) {
      statuses.push(await health())
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()
  const prepared = await prepare(rotate, input, systems, context())
  const { trouble, states } = await perform(prepared, run(systems))
  running.on = false
  await requests
  process.stderr.write(`${statuses.length} requests during the rotation\n`)
  expect(trouble).toBeUndefined()
  expect(states.filter((state) => state === 'done')).toHaveLength(6)
  expect(states.slice(7)).toEqual(['proven', 'settled', 'proven', 'done'])
  expect(statuses.length).toBeGreaterThan(10)
  expect(statuses.filter((status) => status !== 200)).toEqual([])
  expect(secret()).toBe(current())
  expect(current()).not.toBe(first)
  expect(valid()).toEqual([current()])
  expect(new X509Certificate(current()).subjectAltName).toBe(new X509Certificate(first).subjectAltName)
  expect(JSON.stringify(prepared.plan)).not.toMatch(/PRIVATE KEY|PLANTED/)
})

test('the edge answers 526 after the change: the run stops, nothing is revoked, and the old pair comes back on request', async () => {
  oneHost()
  const systems = opened()
  const first = current()
  const prepared = await prepare(rotate, input, systems, context())
  const replace = systems.kube.write.replaceTlsSecret
  const distrusted = {
    ...systems,
    kube: {
      ...systems.kube,
      write: {
        ...systems.kube.write,
        replaceTlsSecret: async (target: Parameters<typeof replace>[0]) => {
          await replace(target)
          // As if Cloudflare did not believe what it has just signed: every node serves it, and the edge refuses it.
          const { state } = sandbox().cloudflare
          state.certificates = state.certificates.map((one) =>
            one.listed.certificate === current() ? { ...one, revokedAt: new Date() } : one,
          )
        },
      },
    },
  }
  const { trouble, states } = await perform(prepared, run(distrusted, soon()))
  expect(trouble).toMatchObject({ exitCode: 5 })
  expect(trouble?.failed).toContain(`${apiHost} answers 526: a node's certificate does not verify`)
  // What is left by hand ends with the revocation: never without what has to hold before it.
  const byHand = trouble?.byHand ?? []
  const notes = byHand.filter((line) => line.startsWith('# '))
  expect(notes).toContain('# It goes on where this holds: Every public name answers through the edge')
  expect(notes.slice(-8)).toEqual([
    expect.stringMatching(/^# The soak of .* cannot be taken back/),
    '# It goes on where this holds: Every node serves the new one still, and every name answers',
    expect.stringMatching(/^# Revoke the old certificate/),
    expect.stringMatching(/^# Nothing takes this back: Cloudflare takes no revocation back/),
    '# Where it is to be done, take away the "# " before:',
    expect.stringMatching(/^# cf DELETE \/certificates\/\d+ > /),
    expect.stringMatching(/^# answer=.*cf GET "\/certificates/),
    expect.stringMatching(/^# case .* false ;; esac$/),
  ])
  expect(valid()).toContain(first)
  expect((await takeBack(undoingOf({ prepared, states, run: run(systems) }), run(systems))).left).toEqual([])
  expect([current(), secret()]).toEqual([first, first])
  expect(['new.key', 'new.csr', 'old.crt', 'old.key'].filter((name) => existsSync(file(name)))).toEqual([])
  expect(await health()).toBe(200)
})

test('a node that never reloads is named, and the run goes on from there once it does', async () => {
  oneHost()
  const systems = opened()
  sandbox().edge.traefik('hetzner3').fail('stale')
  const { trouble } = await perform(await prepare(rotate, input, systems, context()), run(systems, soon()))
  expect(trouble).toMatchObject({ exitCode: 5 })
  expect(trouble?.failed).toMatch(/hetzner3 still serves [0-9A-F:]+ for api.myhoneydue.com/)
  expect(trouble?.failed).not.toContain('hetzner1')
  expect(valid()).toHaveLength(2)
  sandbox().edge.traefik('hetzner3').fail(undefined)
  const again = await perform(await prepare(rotate, input, systems, context()), run(systems))
  expect(again.trouble).toBeUndefined()
  expect(again.states.slice(0, 4)).toEqual(['already', 'already', 'already', 'already'])
  expect(valid()).toEqual([secret()])
})

test('a token that may read but not write: known only by trying, and nothing but the kept key is there afterwards', async () => {
  oneHost()
  const { state } = sandbox().cloudflare
  const reader = state.tokens.get(planted.cloudflareReadToken)
  if (reader) state.tokens.set(planted.cloudflareToken, reader)
  const systems = opened()
  const prepared = await prepare(rotate, input, systems, context())
  expect(prepared.plan.blocked).toEqual([])
  expect(prepared.plan.uncheckable.join('\n')).toContain('whether the token may write is known only by trying')
  const { trouble, states } = await perform(prepared, run(systems))
  expect(trouble?.exitCode).toBe(4)
  expect(states.slice(0, 3)).toEqual(['done', 'half', 'untouched'])
  expect(valid()).toHaveLength(1)
  expect(secret()).toBe(current())
})

test('Cloudflare down: before, nothing begins; when its answer to the signing is lost, it is found again and not signed twice', async () => {
  oneHost()
  const systems = opened()
  const end = sandbox().cloudflare.fail({ answer: 'reset' })
  await expect(prepare(rotate, input, systems, context())).rejects.toMatchObject({ exitCode: 9 })
  end()
  sandbox().cloudflare.fail({ match: ({ method }) => method === 'POST', times: 1, answer: 'reset', after: true })
  const prepared = await prepare(rotate, { ...input, 'keep-old': true }, systems, context())
  const { trouble } = await perform(prepared, run(systems))
  expect(trouble?.exitCode).toBe(4)
  expect(valid()).toHaveLength(2)
  const again = await perform(await prepare(rotate, { ...input, 'keep-old': true }, systems, context()), run(systems))
  expect(again.trouble).toBeUndefined()
  expect(valid()).toHaveLength(2)
  expect(secret()).toBe(current())
})

test('a Secret changed by another between plan and apply is a moved world', async () => {
  oneHost()
  const systems = opened()
  const prepared = await prepare(rotate, input, systems, context())
  sandbox().kubernetes.client.update({ group: '', resource: 'secrets' }, 'cloudflare-origin-cert', namespace, (draft) => {
    draft.metadata.labels = { changed: 'meanwhile' }
  })
  const { trouble } = await perform(prepared, run(systems))
  expect(trouble?.exitCode).toBe(8)
  expect(valid()).toHaveLength(2)
})
