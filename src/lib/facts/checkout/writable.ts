import { every, type Finding, fails, holds } from '../../plan/finding.ts'
import type { Readers } from '../../systems/systems.ts'

/** Every one of these files of the checkout can be replaced or made: asked before anything changes anywhere. */
export const writable = async ({ checkout }: Readers<'checkout'>, files: readonly string[]): Promise<Finding> =>
  every((await Promise.all(files.map((file) => checkout.unwritable(file)))).map((why) => (why === undefined ? holds : fails(why))))
