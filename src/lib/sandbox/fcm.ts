import type { Identity } from './certificates.ts'
import { serveHttps } from './https-server.ts'

export interface FcmSandbox {
  readonly port: number
  trouble: 'none' | 'reset' | 'silence' | 'server-error'
  reset(): void
  stop(): Promise<void>
}

/** Google's push service as far as it is looked at: it answers. Whether it takes a key is asked nowhere. */
export const startFcm = async (identity: Identity): Promise<FcmSandbox> => {
  const { port, stop } = await serveHttps(
    identity,
    () => state.trouble,
    (_, __, response) => response.writeHead(state.trouble === 'server-error' ? 503 : 404).end(),
  )
  const state: FcmSandbox = {
    port,
    trouble: 'none',
    reset() {
      state.trouble = 'none'
    },
    stop,
  }
  return state
}
