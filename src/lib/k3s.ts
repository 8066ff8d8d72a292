/** What stands in the place of a file's name for the certificate that the API's port serves: k3s keeps that in a Secret, and in memory. */
export const servedAt6443 = 'certificate at 6443'

/** Its own of a server: token, certificates, database. */
export const serverFolder = '/var/lib/rancher/k3s/server'

/** Where a database of before is kept. */
export const keptAt = (name: string): string => `${serverFolder}/${name}`

/** One file of a release, and the list that has its checksum. */
export interface K3sReleaseFile {
  readonly file: string
  readonly url: string
  readonly sums: string
}

/** Where k3s' own installer puts it. */
export const k3sProgram = '/usr/local/bin/k3s'

/** Beside it, by its version: what was fetched, and what was there before. */
export const k3sProgramOf = (version: string): string => `${k3sProgram}-${version}`

/** The names that a release gives its files, by the architecture as Kubernetes calls it. */
export const k3sFileFor = (releases: string, version: string, architecture: string): K3sReleaseFile | undefined => {
  const file = architecture === 'amd64' ? 'k3s' : architecture === 'arm64' ? 'k3s-arm64' : undefined
  if (file === undefined) return undefined
  const place = `${releases.replace(/\/+$/, '')}/${encodeURIComponent(version)}`
  return { file, url: `${place}/${file}`, sums: `${place}/sha256sum-${architecture}.txt` }
}
