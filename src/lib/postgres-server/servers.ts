import { rm } from 'node:fs/promises'
import { findBinaries } from './binaries.ts'
import { sweep } from './folders.ts'
import { type Server, startServer } from './server.ts'
import { type Contents, layCluster, layDatabase } from './template.ts'

/** Where a PostgreSQL comes from, and where it goes when nobody needs it any more. */
export interface Servers {
  /** One whose database is as the template has it. */
  take(): Promise<Server>
  leave(server: Server): Promise<void>
}

const started = (contents: Contents, confined: boolean): Servers => ({
  take: async () => {
    const binaries = await findBinaries()
    await sweep(binaries)
    const cluster = await layCluster(binaries, contents)
    return startServer(binaries, cluster, { disposable: true, confined }).catch(async (error) => {
      await rm(cluster.folder, { recursive: true, force: true })
      throw error
    })
  },
  leave: (server) => server.stop(),
})

/** The deployment's database on a server of its own. Each is started for its taker, and ends with it. */
export const freshServers = started('deployment', false)

/** An empty one for what others wrote: without a network, and with little of the machine. */
export const confinedServers = started('nothing', true)

/** What is left serves the next taker, and ends with this process: laying and starting a cluster costs most of a second of processor time. */
export const keptServers = (
  servers: Servers = freshServers,
  anew: (server: Server) => Promise<void> = ({ admin }) => layDatabase(admin),
): Servers => {
  const kept: Server[] = []
  return {
    take: async () => kept.pop() ?? servers.take(),
    leave: async (server) => {
      try {
        await anew(server)
        kept.push(server)
      } catch {
        await server.stop()
      }
    },
  }
}
