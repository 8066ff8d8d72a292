import { got, told } from '../../facts/edge/survey.ts'
import { keptMark } from '../../kept-keys.ts'
import type { Context } from '../../plan/context.ts'
import { every, type Finding, fails, when } from '../../plan/finding.ts'
import type { Change, Offer, Proof } from '../../plan/procedure.ts'
import type { AuthorizedKey } from '../../systems/nodes/keys-types.ts'
import type { Readers } from '../../systems/systems.ts'
import { eachOnce, type Leaving, leavingOf, leftFor, type RevokedNode, type RevokeFacts } from './revoke-facts.ts'

type Needs = 'nodes' | 'kube'

/** Node by node: the way in of this machine is proved before the next one is touched. */
export const revoking = (facts: RevokeFacts): readonly (Change<Needs> | Proof<Needs>)[] => {
  const leaving = leavingOf(facts)
  return facts.nodes.flatMap((node) => {
    const own = leaving.filter((one) => one.node === node)
    return [
      ...own.map((one) => takeAway(facts, one)),
      stillIn(node),
      ...(facts.keyFile === undefined ? [] : [refused(node, facts.keyFile)]),
    ]
  })
}

const accountsOf = ({ file: { accounts } }: Leaving): string => accounts.join(', ')

const takeAway = ({ name, chosen }: RevokeFacts, leaving: Leaving): Change<Needs> => {
  const { node, file, going, gone } = leaving
  const all = going.length > 0 ? going : gone
  const unique = eachOnce(all)
  const keys = { path: file.path, blobs: unique.map(({ blob }) => blob), keptAs: keptAs(file.path, name) }
  return {
    title: `Take it off ${accountsOf(leaving).slice(0, 24)} at ${node.alias}`,
    effect: unique.map((key) => ({
      what: `${node.alias}:${file.path}, ${key.comment} ${key.fingerprint}`,
      before: going.length > 0 ? 'is let in' : 'is gone',
      after: 'is gone',
      ...(going.length > 0 && { note: noteOf(key, going) }),
    })),
    check: async () => mayGo(node, chosen),
    apply: (write) => write.nodes.removeKeys(node.alias, keys),
    verify: async (look) => areGone(node, leaving, unique, look),
    shows: (prove) => prove.nodes.lacksKeys(node.alias, keys),
    undo: (write) => write.nodes.putBackKeys(node.alias, keys),
  }
}

const keptAs = (path: string, name: string): string =>
  `${path.split('/').at(-1)}${keptMark}${name.replaceAll(/[^\w-]+/g, '-').slice(0, 40)}`

const noteOf = (key: AuthorizedKey, going: readonly AuthorizedKey[]): string => {
  const times = going.filter(({ fingerprint }) => fingerprint === key.fingerprint).length
  return [
    key.type,
    ...(times > 1 ? [`${times} lines`] : []),
    ...(key.authority ? ['an authority: everybody it has signed for loses the way in'] : []),
    ...(key.restricted ? ['with options before it'] : []),
  ].join(', ')
}

const mayGo = (node: RevokedNode, chosen: readonly AuthorizedKey[]): Finding => {
  const { alias, user, own, admitted } = node
  return every([
    ...chosen
      .filter(({ fingerprint }) => own.includes(fingerprint))
      .map(({ fingerprint }) =>
        fails(`${fingerprint} is a key that this machine offers ${alias} itself: it would lock itself out`, 'ssh-add -l'),
      ),
    when(leftFor(node, chosen).length > 0, `it is the last key that lets ${user} in to ${alias}`),
    ...(admitted && 'because' in admitted ? [fails(admitted.because, admitted.next)] : []),
  ])
}

const areGone = async (
  node: RevokedNode,
  { file }: Leaving,
  keys: readonly AuthorizedKey[],
  { nodes }: Readers<'nodes'>,
): Promise<Finding> => {
  const now = (await nodes.authorizedKeys(node.alias)).files.find(({ path }) => path === file.path)?.keys ?? []
  const wanted = new Set(keys.map(({ fingerprint }) => fingerprint))
  const there = now.filter(({ fingerprint }) => wanted.has(fingerprint))
  return when(there.length === 0, `${file.path} of ${node.alias} has ${there.map(({ fingerprint }) => fingerprint).join(', ')} still`)
}

/** A login that begins anew: connections that stand prove nothing. */
const stillIn = (node: RevokedNode): Proof<Needs> => ({
  title: `${node.alias} lets this machine in anew`,
  holds: async (look) => {
    if (!('value' in node.keys)) return fails(`${node.alias} was not asked: ${node.keys.because}`, node.keys.next)
    return when(await look.nodes.admits(node.alias), `${node.alias} does not let this machine in`)
  },
})

const refused = (node: RevokedNode, keyFile: string): Proof<Needs> => ({
  title: `${node.alias} refuses the key at hand`,
  ...(got(node.admitted) !== false && { onlyAfterwards: true }),
  holds: async (look) => {
    const lets = await told(look.nodes.admits(node.alias, keyFile))
    return 'value' in lets ? when(!lets.value, `${node.alias} lets ${keyFile} in`) : fails(lets.because, lets.next)
  },
})

/** Every key that is let in somewhere. */
export const offerKeys = async (look: Readers<Needs>, { environment }: Context): Promise<readonly Offer[]> => {
  const all = await Promise.all(
    environment.nodes.map(async ({ alias }) => [alias, got(await told(look.nodes.authorizedKeys(alias)))] as const),
  )
  const where = new Map<string, { readonly key: AuthorizedKey; readonly at: Set<string> }>()
  for (const [alias, keys] of all)
    for (const key of keys?.files.flatMap((file) => file.keys) ?? []) {
      const known = where.get(key.fingerprint) ?? { key, at: new Set() }
      known.at.add(alias)
      where.set(key.fingerprint, known)
    }
  return [...where.values()].map(({ key, at }) => ({ value: key.fingerprint, about: `${key.comment}, at ${[...at].join(', ')}` }))
}
