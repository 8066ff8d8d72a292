import { Unreachable } from '../../errors.ts'
import { sh } from '../../shell.ts'
import type { Connection } from './connection.ts'
import { identitiesOf } from './identities.ts'
import type { Resolved } from './resolved.ts'

/** The same machine, for whoever holds this file and nothing else. */
export const withAlone = ({ identityAgent: _, ...host }: Resolved, file: string): Resolved => ({
  ...host,
  identityFiles: [file],
  identitiesOnly: true,
  certificates: [],
  otherMethods: [],
})

/** Whether a connection comes about; false where it was refused for its keys. Throws whatever else stands in its way. */
export const lets = async (host: Resolved, connect: (host: Resolved) => Promise<Connection>, keyFile?: string): Promise<boolean> => {
  if (keyFile !== undefined) await canBeTried(host, keyFile)
  try {
    const connection = await connect(host)
    connection.close()
    // OpenSSH offers what its configuration says, and not this file alone.
    if (keyFile !== undefined && connection.way.by !== 'library') throw untried(host, keyFile, `${host.alias} is reached by OpenSSH`)
    return true
  } catch (error) {
    if (error instanceof Unreachable && error.code === 'ssh-auth') return false
    throw error
  }
}

const canBeTried = async (host: Resolved, keyFile: string): Promise<void> => {
  const { methods, locked, exposed, absent, foreign } = await identitiesOf(host)
  const because = locked.length > 0 ? 'it is encrypted' : exposed.length > 0 ? 'others may read it' : (absent[0]?.because ?? foreign[0])
  if (methods.length === 0) throw untried(host, keyFile, because ?? `there is no file ${keyFile}`)
}

const untried = ({ alias, user, hostname, port }: Resolved, keyFile: string, cause: string): Unreachable =>
  new Unreachable({
    code: 'ssh-key',
    failed: `Whether ${alias} lets ${keyFile} in cannot be tried`,
    cause,
    next: sh`ssh -F /dev/null -o IdentitiesOnly=yes -i ${keyFile} -p ${port} ${`${user}@${hostname}`} true`,
  })
