import type { Clock } from '../../clock.ts'
import { Blocked } from '../../errors.ts'
import { markedVersion, markName } from '../../restore-point-name.ts'
import type { Send } from './client.ts'
import { markRequest } from './requests.ts'
import type { NeonWriter } from './types.ts'

/** The writing half: restore points are made, and none but our own deleted. */
export const writeNeon = (send: Send, project: string, clock: Clock): NeonWriter => ({
  markVersion: async ({ parent, version }) => {
    const name = markName(version, clock.now())
    await send({ doing: `make the branch ${name}`, ...markRequest(project, { parent, name }) })
  },
  deleteMark: async ({ id, name }) => {
    if (markedVersion(name) === undefined)
      throw new Blocked({ code: 'neon-not-ours', failed: `The branch ${name} is no restore point of ours`, next: 'honeydue db:status' })
    await send({ doing: `delete the branch ${name}`, method: 'DELETE', path: `/projects/${project}/branches/${id}` })
  },
})
