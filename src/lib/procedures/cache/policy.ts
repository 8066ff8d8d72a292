import { mebibytes } from '../../facts/cache/mebibytes.ts'
import { manifestFolder } from '../../facts/checkout/manifests.ts'
import { writable } from '../../facts/checkout/writable.ts'
import { oneOf } from '../../plan/choice.ts'
import { every, when } from '../../plan/finding.ts'
import { type Change, defineProcedure, type Gate } from '../../plan/procedure.ts'
import { gatherPolicy, type PolicyFacts, policies, saidIn, setting } from './policy-facts.ts'

type Needs = 'redis' | 'kube' | 'checkout'

/** Chapter 16, Redis at its limit: which keys it evicts there, now and after its next start. */
export const policy = defineProcedure({
  id: 'cache:policy',
  title: 'Set which keys Redis evicts at its memory limit',
  needs: ['redis', 'kube', 'checkout'],
  choices: { to: oneOf(policies, { about: 'the policy, as Redis calls it', ask: 'Which keys is Redis to evict at its limit?' }) },
  risk: () => 'disruptive',
  gather: (input, look, context) => gatherPolicy(input.to, look, context),
  // What may lose a job is typed.
  outlier: (facts) => harmOf(facts),
  subject: ({ to }) => to,
  target: ({ target, present, usedMemory, maxMemory }) => [
    `Redis at ${target}, ${setting} ${present ?? 'not known'}`,
    `${mebibytes(usedMemory)} of ${maxMemory === 0 ? 'no limit' : mebibytes(maxMemory)} used`,
  ],
  beyond: (facts) => [
    evicts(facts),
    ...(facts.maxMemory === 0 ? ['Redis has no maxmemory: no policy evicts anything'] : []),
    ...(facts.queue.complete ? [] : ['The scan of the queue stopped at its bound: it has more keys']),
    ...(facts.startsWith !== undefined && facts.startsWith !== facts.to
      ? [`The cluster starts Redis with ${facts.startsWith}: until the manifest is applied, a restart of Redis brings that back`]
      : []),
  ],
  steps: (facts) => [setLive(facts), setInManifest(facts)],
})

/** What the policy may do to the queue, with what was measured. */
const evicts = ({ to, queue: { jobs, locks } }: PolicyFacts): string => {
  if (to === 'noeviction') return 'noeviction evicts nothing: at the limit every write of cache and queue fails'
  if (to.startsWith('allkeys-'))
    return `${to} may evict every key of asynq: ${jobs.keys} are jobs now, and one that is evicted is lost without a word`
  return `${to} evicts only keys with a time to live: ${jobs.withTtl} of ${jobs.keys} jobs and ${locks.withTtl} of ${locks.keys} unique locks have one; where only keys without are left, every write fails`
}

/** Why it is asked for in full: what may be lost, or fail at once. */
const harmOf = ({ to, queue: { jobs, locks }, usedMemory, maxMemory }: PolicyFacts): string | undefined => {
  if (to.startsWith('allkeys-')) return `${to} may evict jobs that wait: cache and queue share this Redis`
  if (to === 'noeviction')
    return maxMemory > 0 && usedMemory >= maxMemory * 0.95 ? 'Redis is at its limit: with noeviction writes fail at once' : undefined
  if (jobs.withTtl > 0) return `${to} may evict jobs: some of them have a time to live`
  return locks.withTtl > 0 ? `${to} may evict unique locks: an equal job is then accepted twice` : undefined
}

const mayChange = ({ target, readOnly, present }: PolicyFacts) =>
  every([
    when(!readOnly, `Redis at ${target} is a read-only replica`),
    when(present !== undefined, `Redis at ${target} knows no ${setting}`),
  ])

const setLive = (facts: PolicyFacts): Change<Needs> => {
  const { to, present = '' } = facts
  return {
    title: `Set ${setting} to ${to}`,
    effect: [{ what: `Redis, ${setting}`, before: present, after: to, note: 'until it starts again' }],
    check: async () => mayChange(facts),
    apply: (write) => write.redis.setPolicy({ from: present, to }),
    verify: async (look) => {
      const now = await look.redis.setting(setting)
      return when(now === to, `${setting} is ${now ?? 'not known'}`)
    },
    shows: (prove) => prove.redis.policy(to),
    undo: (write) => write.redis.setPolicy({ from: to, to: present }),
  }
}

/** Where exactly one line of the manifests says a policy, it is changed; otherwise only a human knows what Redis is started from. */
const setInManifest = (facts: PolicyFacts): Change<Needs> | Gate<Needs> => {
  const { said, to, checkout } = facts
  const [one, ...more] = said
  if (!one?.alone || more.length > 0)
    return {
      title: `Name ${to} where Redis is started from`,
      ask: `${because(facts)}. Does what Redis is started from in ${checkout} say ${setting} ${to} now? Its next start takes it from there.`,
    }
  const change = { file: one.file, line: one.line, from: one.value, to }
  return {
    title: `Set ${setting} in ${one.file.replace(`${manifestFolder}/`, '')}`,
    effect: [{ what: `${one.file}:${one.line}, ${setting}`, before: one.value, after: to }],
    check: async (look) => every([mayChange(facts), await writable(look, [one.file])]),
    apply: (write) => write.checkout.setWord(change),
    verify: async (look) => {
      const now = await saidIn(look)
      return when(
        now.length === 1 && now[0]?.file === one.file && now[0].value === to,
        `${one.file} says ${now[0]?.value ?? `no ${setting}`}`,
      )
    },
    shows: (prove) => prove.checkout.named({ file: one.file, line: one.line, value: to }),
    undo: (write) => write.checkout.setWord({ ...change, from: to, to: one.value }),
  }
}

const because = ({ said }: PolicyFacts): string => {
  const [one, ...more] = said
  if (!one) return `No manifest under ${manifestFolder} says ${setting}`
  if (more.length === 0) return `${one.file}:${one.line} says ${one.value} more than once`
  return `${said.length} lines say it: ${said.map(({ file, line, value }) => `${file}:${line} (${value})`).join(', ')}`
}
