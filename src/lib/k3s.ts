/** What stands in the place of a file's name for the certificate that the API's port serves: k3s keeps that in a Secret, and in memory. */
export const servedAt6443 = 'certificate at 6443'

/** Its own of a server: token, certificates, database. */
export const serverFolder = '/var/lib/rancher/k3s/server'

/** Where a database of before is kept. */
export const keptAt = (name: string): string => `${serverFolder}/${name}`
