import { afterAll, describe, test } from 'vitest'

/** One behaviour that the CLI relies on: what it gives must be `expected`, from the sandbox and from real servers alike. */
export interface ContractCase<W> {
  readonly name: string
  readonly expected: unknown
  readonly give: (world: W) => Promise<unknown>
}

/** Servers that a contract is held to, brought back to their start before each case. */
export interface ContractWorld {
  reset(): Promise<void>
  stop(): Promise<void>
}

export type Side = 'sandbox' | 'real'

/** What the table of the real-server lane shows of one case on one side. */
export interface ContractCell {
  readonly lane: string
  readonly name: string
  readonly side: Side
  readonly result: 'not started' | 'differs' | 'equal'
}

declare module 'vitest' {
  interface TaskMeta {
    contract?: ContractCell
  }
}

/** Holds one side to every case. Servers that do not start fail each case with what is missing. `sideBySide`: cases do not disturb each other. */
export const holdContract = <W extends ContractWorld>(
  lane: string,
  side: Side,
  cases: readonly ContractCase<W>[],
  start: () => Promise<W>,
  { sideBySide = false }: { readonly sideBySide?: boolean } = {},
): void => {
  let starting: Promise<W> | undefined
  const group = sideBySide ? describe.concurrent : describe
  group(`${lane}: ${side}`, () => {
    afterAll(async () => {
      const world = await starting?.catch(() => undefined)
      await world?.stop()
    })
    for (const { name, expected, give } of cases)
      test(name, async ({ task, expect }) => {
        const settle = (result: ContractCell['result']) => {
          task.meta.contract = { lane, name, side, result }
        }
        settle('not started')
        starting ??= start()
        const world = await starting
        settle('differs')
        await world.reset()
        expect(await give(world)).toEqual(expected)
        settle('equal')
      })
  })
}
