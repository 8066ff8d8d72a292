import type { DiskPlace, FileSystem, NodeDisk, NodeImage, NodeLitter, SnapshotFile } from './disk-types.ts'
import { limitLine } from './limit-line.ts'

/** Where k3s keeps its snapshots. */
export const snapshotFolder = '/var/lib/rancher/k3s/server/db/snapshots'
const archives = '/var/cache/apt/archives'

/** In the order in which they are counted: small ones first, and what lies in another one before it, which then counts the rest. */
const folders: Readonly<Record<DiskPlace, string>> = {
  journal: '/var/log/journal',
  packages: archives,
  snapshots: snapshotFolder,
  etcd: '/var/lib/rancher/k3s/server/db/etcd',
  logs: '/var/log/pods',
  syslog: '/var/log',
  volumes: '/var/lib/rancher/k3s/storage',
  pods: '/var/lib/kubelet/pods',
  containerd: '/var/lib/rancher/k3s/agent/containerd',
}

// Millions of small files take their time: the limits together leave some of the fifteen seconds that an answer has.
const asked = `
${limitLine}
df -B1 --output=target,size,used,avail,itotal,iused / /var/lib/rancher/k3s 2> /dev/null | sed "1d;s/^/fs /"
du -ak ${snapshotFolder} 2> /dev/null | sed "s/^/snapshot /"
images=$(limit 2 k3s crictl images -o json 2> /dev/null) && containers=$(limit 2 k3s crictl ps -a -o json 2> /dev/null) && {
echo "images $(echo "$images" | tr -d "\\n")"; echo "containers $(echo "$containers" | tr -d "\\n")"; }`

/** One round trip, as root. */
export const litterScript = `
root sh -c '${asked}
limit 3 du -sxk ${folders.journal} ${folders.packages} 2> /dev/null | sed "s/^/at /"
:'
`

export const diskScript = `
root sh -c '${asked}
limit 2 du -sk /var/log/pods/* 2> /dev/null | sort -rn | head -n 3 | sed "s/^/log /"
limit 7 du -sxk ${Object.values(folders).join(' ')} 2> /dev/null | sed "s/^/at /"
:'
`

/** What the script printed; undefined where it is not that. */
export const readLitter = (stdout: string): NodeLitter | undefined => {
  const lines = stdout.split('\n')
  const after = (word: string) => lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []))
  const [first, ...others] = fileSystemsOf(after('fs'))
  if (first === undefined) return undefined
  const images = imagesOf(after('images')[0], after('containers')[0])
  const places = placesOf(after('at'))
  return {
    fileSystems: [first, ...others],
    journalBytes: places.get('journal') ?? 0,
    packageBytes: places.get('packages') ?? 0,
    ...(images && { images }),
    snapshots: snapshotFiles(lines),
  }
}

export const readDisk = (stdout: string): NodeDisk | undefined => {
  const litter = readLitter(stdout)
  if (litter === undefined) return undefined
  const lines = stdout.split('\n')
  return {
    ...litter,
    places: placesOf(lines.flatMap((line) => (line.startsWith('at ') ? [line.slice(3)] : []))),
    logs: lines.flatMap((line) => {
      const [, kilobytes, namespace, pod] = /^log (\d+)\t.*\/var\/log\/pods\/([^_/]+)_([^_/]+)_[^/]*$/.exec(line) ?? []
      return kilobytes === undefined ? [] : [{ pod: `${namespace}/${pod}`, bytes: Number(kilobytes) * 1024 }]
    }),
  }
}

/** As df prints them, each once. */
export const fileSystemsOf = (lines: readonly string[]): readonly FileSystem[] =>
  [...new Set(lines)].flatMap((line) => fileSystem(line) ?? [])

const fileSystem = (line: string): FileSystem | undefined => {
  const [mountedOn = '', ...rest] = line.trim().split(/\s+/)
  const [totalBytes = 0, usedBytes = 0, availableBytes = 0, total = 0, used = 0] = rest.map(Number)
  if (!mountedOn.startsWith('/') || !(totalBytes > 0)) return undefined
  return { mountedOn, totalBytes, usedBytes, availableBytes, ...(total > 0 && { inodes: { total, used } }) }
}

const placesOf = (lines: readonly string[]): ReadonlyMap<DiskPlace, number> =>
  new Map(
    (Object.entries(folders) as [DiskPlace, string][]).flatMap(([place, folder]) => {
      const line = lines.find((one) => one.split('\t')[1]?.endsWith(folder))
      return line === undefined ? [] : [[place, Number(line.split('\t')[0]) * 1024] as const]
    }),
  )

/** From the lines that begin with `snapshot`, as `du -ak` has them. */
export const snapshotFiles = (lines: readonly string[]): readonly SnapshotFile[] =>
  lines.flatMap((line) => (line.startsWith('snapshot ') ? (snapshotFile(line.slice('snapshot '.length)) ?? []) : []))

const snapshotFile = (line: string): SnapshotFile | undefined => {
  const [kilobytes = '', path = ''] = line.split('\t')
  const [, name] = path.split(`${snapshotFolder}/`)
  return name === undefined || name.includes('/') ? undefined : { name, bytes: Number(kilobytes) * 1024 }
}

interface Listed {
  readonly images?: readonly {
    readonly id?: string
    readonly repoTags?: readonly string[] | null
    readonly repoDigests?: readonly string[] | null
    readonly size?: string
    readonly pinned?: boolean
  }[]
}
interface Held {
  readonly containers?: readonly { readonly image?: { readonly image?: string }; readonly imageRef?: string }[]
}

const parsed = <T>(text: string | undefined): T | undefined => {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null ? (value as T) : undefined
  } catch {
    return undefined
  }
}

const imagesOf = (images: string | undefined, containers: string | undefined): readonly NodeImage[] | undefined => {
  const [listed, held] = [parsed<Listed>(images), parsed<Held>(containers)]
  if (!Array.isArray(listed?.images) || held === undefined) return undefined
  const needed = new Set((held.containers ?? []).flatMap(({ image, imageRef }) => [image?.image, imageRef]))
  return listed.images.map(({ id = '', repoTags, repoDigests, size, pinned = false }: NonNullable<Listed['images']>[number]) => ({
    id,
    names: repoTags?.length ? repoTags : (repoDigests ?? []),
    bytes: Number(size) || 0,
    needed: pinned || [id, ...(repoTags ?? []), ...(repoDigests ?? [])].some((one) => needed.has(one)),
  }))
}
