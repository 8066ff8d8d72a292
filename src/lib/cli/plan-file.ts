import { readFile, writeFile } from 'node:fs/promises'
import * as z from 'zod/mini'
import { Usage } from '../errors.ts'
import { identityIn, keptPlanSchema } from '../journal/kept-plans.ts'
import { whoAmI } from '../journal/who.ts'
import { type Identity, identityOf } from '../plan/identity.ts'
import type { Plan } from '../plan/plan.ts'

const schema = z.object({
  kind: z.literal('honeydue-plan'),
  version: z.literal(1),
  madeAt: z.string(),
  madeBy: z.string(),
  environment: z.string(),
  command: z.string().check(z.regex(/^[a-z]+:[a-z-]+$/)),
  words: z.array(z.string()),
  name: z.string().check(z.regex(/^[0-9a-z]{8}$/)),
  identity: keptPlanSchema,
  plan: z.unknown(),
})

/** A plan that somebody else is to look at before it is performed. */
export interface PlanFile extends Omit<z.output<typeof schema>, 'identity'> {
  readonly identity: Identity
}

export const writePlanFile = async (
  file: string,
  { command, words, plan }: { readonly command: string; readonly words: readonly string[]; readonly plan: Plan },
  now: Date,
): Promise<void> => {
  const { user, host } = whoAmI(process.env)
  const made = { kind: 'honeydue-plan', version: 1, madeAt: now.toISOString(), madeBy: `${user}@${host}` }
  const text = JSON.stringify(
    { ...made, environment: plan.environment, command, words, name: plan.name, identity: identityOf(plan), plan },
    undefined,
    2,
  )
  await writeFile(file, `${text}\n`, { mode: 0o600 }).catch((error: unknown) => {
    throw new Usage({ code: 'plan-file', failed: `${file} cannot be written`, cause: (error as Error).message, next: 'another file' })
  })
}

/** Throws Usage where it is no plan of `--out`. */
export const readPlanFile = async (file: string): Promise<PlanFile> => {
  const refuse = (cause: string) =>
    new Usage({ code: 'plan-file', failed: `${file} is no plan that --out wrote`, cause, next: 'honeydue run:apply --help' })
  let found: unknown
  try {
    found = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw refuse((error as Error).message)
  }
  const parsed = schema.safeParse(found)
  if (!parsed.success) throw refuse(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '))
  return { ...parsed.data, identity: identityIn(parsed.data.identity) }
}
