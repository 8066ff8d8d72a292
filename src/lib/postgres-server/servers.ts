import { rm } from 'node:fs/promises'
import { findBinaries } from './binaries.ts'
import { type Server, startServer } from './server.ts'
import { layCluster, layDatabase } from './template.ts'

/** Where a PostgreSQL comes from, and where it goes when nobody needs it any more. */
export interface Servers {
  /** One whose database is as the template has it. */
  take(): Promise<Server>
  leave(server: Server): Promise<void>
}

/** Each is started for its taker, and ends with it. */
export const freshServers: Servers = {
  take: async () => {
    const binaries = await findBinaries()
    const cluster = await layCluster(binaries)
    return startServer(binaries, cluster, true).catch(async (error) => {
      await rm(cluster.folder, { recursive: true, force: true })
      throw error
    })
  },
  leave: (server) => server.stop(),
}

/** What is left serves the next taker, and ends with this process: laying and starting a cluster costs most of a second of processor time. */
export const keptServers = (): Servers => {
  const kept: Server[] = []
  return {
    take: async () => kept.pop() ?? freshServers.take(),
    leave: async (server) => {
      try {
        await layDatabase(server.admin)
        kept.push(server)
      } catch {
        await server.stop()
      }
    },
  }
}
