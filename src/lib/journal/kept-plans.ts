import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { type Identity, identityOf } from '../plan/identity.ts'
import type { Plan } from '../plan/plan.ts'

const step = z.object({
  kind: z.enum(['change', 'gate', 'proof']),
  already: z.boolean(),
  lines: z.array(z.string()),
  count: z.optional(z.number()),
})
/** A plan's identity as a file keeps it. */
export const keptPlanSchema = z.object({ of: z.string(), reached: z.optional(z.array(z.string())), steps: z.array(step) })

/** The identity that a file kept. */
export const identityIn = ({ of, reached, steps }: z.output<typeof keptPlanSchema>): Identity => ({
  of,
  ...(reached && { reached }),
  steps: steps.map(({ count, ...one }) => ({ ...one, ...(count !== undefined && { count }) })),
})

const named = /^[0-9a-z]{8}$/
const days = 30
const folderOf = (state: string): string => join(state, 'plans')

/** Remembers what a plan was, for `--plan NAME` to tell a difference by. Best effort: a plan that cannot be kept is still a plan. */
export const keepPlan = (state: string, plan: Plan, now: Date): Promise<void> => keepIdentity(state, plan.name, identityOf(plan), now)

/** The same of a plan that another machine made. */
export const keepIdentity = async (state: string, name: string, identity: Identity, now: Date): Promise<void> => {
  const folder = folderOf(state)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(join(folder, `${name}.json`), `${JSON.stringify(identity)}\n`, { mode: 0o600 })
    await forgetOld(folder, now)
  } catch {
    // A full or read-only disk: what is changed later says so by its journal.
  }
}

const forgetOld = async (folder: string, now: Date): Promise<void> => {
  for (const name of await readdir(folder)) {
    const file = join(folder, name)
    if (now.getTime() - (await stat(file)).mtimeMs > days * 86_400_000) await rm(file, { force: true })
  }
}

/** What the plan of this name was; undefined where this machine never saw it. */
export const keptPlan = async (state: string, name: string): Promise<Identity | undefined> => {
  if (!named.test(name)) return undefined
  try {
    return identityIn(keptPlanSchema.parse(JSON.parse(await readFile(join(folderOf(state), `${name}.json`), 'utf8'))))
  } catch {
    return undefined
  }
}
