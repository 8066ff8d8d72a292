import { afterEach } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { scratchServer } from '../../src/lib/postgres-server/scratch.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { openSystems } from '../../src/lib/systems/open.ts'
import { unlessFollowing } from './following.ts'
import { scratchServers } from './worlds.ts'

/** The systems of a test file's sandbox: opened at first use, closed after each test, or by `close` in the middle of one. */
export const useSystems = (sandbox: () => Sandbox) => {
  let opened: ReturnType<typeof openSystems> | undefined
  const close = async () => {
    await opened?.close()
    opened = undefined
  }
  afterEach(unlessFollowing(close))
  return {
    systems: () => {
      opened ??= openSystems(sandbox().environment, systemClock, new AbortController().signal, async () =>
        scratchServer({ servers: scratchServers }),
      )
      return opened
    },
    close,
  }
}
