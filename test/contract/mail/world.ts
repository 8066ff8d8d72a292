import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { mail as facts, mailHost } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { startMail } from '../../../src/lib/sandbox/mail/mail.ts'
import type { ContractWorld } from '../contract.ts'

/** A message as the server has it. */
export interface Kept {
  readonly from: string
  readonly to: readonly string[]
  /** Without its angle brackets. */
  readonly id: string
}

/** A submission server for one user, which keeps what it takes. */
export interface MailWorld extends ContractWorld {
  readonly port: number
  /** Where its name lives, TLS verifies it. */
  readonly hostaddr: Readonly<Record<string, string>>
  readonly caFile: string
  kept(): Promise<readonly Kept[]>
  /** Accepts connections and does not answer. */
  silent(): Promise<void>
  /** Knows from now on that nobody has any address. */
  refusing(): Promise<void>
}

export const login = { user: facts.user, password: planted.emailHostPassword } as const

/** An address that no server of the contract takes mail for. */
export const nobody = 'nobody@refused.invalid'

export const sandboxMail = async (): Promise<MailWorld> => {
  const folder = await mkdtemp(join(tmpdir(), 'honeydue-contract-'))
  const caFile = join(folder, 'ca.crt')
  const authority = createAuthority('honeyDue sandbox')
  await writeFile(caFile, authority.certificate)
  const mail = await startMail(authority.issue({ commonName: mailHost, names: [mailHost] }))
  return {
    port: mail.port,
    hostaddr: { [mailHost]: `127.0.0.1:${mail.port}` },
    caFile,
    kept: async () => mail.taken.map(({ from, to, text }) => ({ from, to, id: /^Message-ID: <([^>]*)>/im.exec(text)?.[1] ?? '' })),
    silent: async () => {
      mail.trouble = 'silence'
    },
    refusing: async () => {
      mail.trouble = 'receiver refused'
    },
    reset: async () => mail.reset(),
    async stop() {
      await mail.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
