import { Usage } from '../../errors.ts'
import { got, type Told, told } from '../../facts/edge/survey.ts'
import { nodeNamed } from '../../facts/nodes/named.ts'
import { type Held, heldBy } from '../../facts/secrets/held.ts'
import type { Context } from '../../plan/context.ts'
import { sh } from '../../shell.ts'
import type { AuthorizedKey, KeysFile, NodeKeys } from '../../systems/nodes/keys-types.ts'
import type { Readers } from '../../systems/systems.ts'

/** One node, by which keys it lets people in, and which of them this machine uses itself. */
export interface RevokedNode {
  readonly alias: string
  readonly user: string
  readonly keys: Told<NodeKeys>
  readonly own: readonly string[]
  /** Whether it lets the key file in that is at hand; absent where none was given. */
  readonly admitted?: Told<boolean>
}

export interface RevokeFacts {
  readonly name: string
  /** Every key that the name stands for, wherever it is found. */
  readonly chosen: readonly AuthorizedKey[]
  readonly nodes: readonly RevokedNode[]
  readonly without: readonly string[]
  readonly keyFile?: string
  readonly holder: string
  readonly held: Told<readonly Held[]>
}

export interface RevokeInput {
  readonly name: string
  readonly holder?: string | undefined
  readonly without: readonly string[]
  readonly 'key-file'?: string | undefined
}

/** Where one file stands: what goes of it, or has gone by what was kept beside it. */
export interface Leaving {
  readonly node: RevokedNode
  readonly file: KeysFile
  readonly going: readonly AuthorizedKey[]
  readonly gone: readonly AuthorizedKey[]
}

export const gatherRevoke = async (
  input: RevokeInput,
  look: Readers<'nodes' | 'kube'>,
  environment: Context['environment'],
  { holder, now }: { readonly holder: string; readonly now: Date },
): Promise<RevokeFacts> => {
  const { name, 'key-file': keyFile, without } = input
  for (const alias of without) nodeNamed(environment, alias)
  const asked = environment.nodes.filter(({ alias }) => !without.includes(alias))
  const [held, ...nodes] = await Promise.all([
    told(heldBy(holder, now, look, environment)),
    ...asked.map(async ({ alias }): Promise<RevokedNode> => {
      const [setup, own, keys, admitted] = await Promise.all([
        look.nodes.setup(alias),
        look.nodes.ownKeys(alias),
        told(look.nodes.authorizedKeys(alias)),
        keyFile === undefined ? undefined : told(look.nodes.admits(alias, keyFile)),
      ])
      return { alias, user: setup.user, keys, own, ...(admitted && { admitted }) }
    }),
  ])
  const chosen = named(name, nodes)
  if (chosen.length === 0 && nodes.every(({ keys }) => 'value' in keys)) throw unknown(name, nodes)
  return { name, chosen, nodes, without, holder, held, ...(keyFile !== undefined && { keyFile }) }
}

const filesOf = ({ keys }: RevokedNode): readonly KeysFile[] => got(keys)?.files ?? []

const everyKey = (file: KeysFile): readonly AuthorizedKey[] => [...file.keys, ...file.kept.flatMap(({ keys }) => keys)]

/** Each key once, however many lines have it. */
export const eachOnce = (keys: readonly AuthorizedKey[]): AuthorizedKey[] => [
  ...new Map(keys.map((key) => [key.fingerprint, key])).values(),
]

/** By its fingerprint, or by its whole comment; one key once. */
const named = (name: string, nodes: readonly RevokedNode[]): readonly AuthorizedKey[] => {
  const found = nodes
    .flatMap(filesOf)
    .flatMap(everyKey)
    .filter(({ fingerprint, comment }) => name === fingerprint || `SHA256:${name}` === fingerprint || name === comment)
  return eachOnce(found).sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))
}

/** Every file that has one of them, or had it before a revocation. */
export const leavingOf = ({ nodes, chosen }: RevokeFacts): readonly Leaving[] => {
  const wanted = new Set(chosen.map(({ fingerprint }) => fingerprint))
  return nodes.flatMap((node) =>
    filesOf(node).flatMap((file) => {
      const going = file.keys.filter(({ fingerprint }) => wanted.has(fingerprint))
      const gone = file.kept.flatMap(({ keys }) => keys).filter(({ fingerprint }) => wanted.has(fingerprint))
      return going.length + gone.length === 0 ? [] : [{ node, file, going, gone }]
    }),
  )
}

/** What lets somebody in as the account that this session signs in as, once they are gone. */
export const leftFor = (node: RevokedNode, chosen: readonly AuthorizedKey[]): readonly AuthorizedKey[] =>
  filesOf(node)
    .filter(({ accounts }) => accounts.includes(node.user))
    .flatMap(({ keys }) => keys)
    .filter(({ fingerprint, authority }) => !authority && !chosen.some((one) => one.fingerprint === fingerprint))

const unknown = (name: string, nodes: readonly RevokedNode[]): Usage => {
  const there = [
    ...new Set(nodes.flatMap(filesOf).flatMap(({ keys }) => keys.map(({ comment, fingerprint }) => `${comment} (${fingerprint})`))),
  ]
  return new Usage({
    code: 'no-such-key',
    failed: `No node lets in a key that is called ${name}`,
    cause: there.length === 0 ? 'No key was found at all' : `These are let in: ${there.join(', ')}`,
    next: sh`honeydue access:revoke ${there.length === 0 ? 'NAME' : (there[0] ?? '')} --dry-run`.replace(/ \(SHA256:[^)]*\)/, ''),
  })
}
