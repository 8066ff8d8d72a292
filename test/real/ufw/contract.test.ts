import { holdContract } from '../../contract/contract.ts'
import { record, ufwCases } from '../../contract/ufw/cases.ts'
import { furtherPassageCases, passageCases, recordPassages } from '../../contract/ufw/passage-cases.ts'
import { sandboxUfw } from '../../contract/ufw/world.ts'
import { realUfw } from './namespace.ts'

// HONEYDUE_RECORD=1 writes the real answers down anew, and then holds both to them.
if (process.env['HONEYDUE_RECORD']) {
  const world = await realUfw()
  await record(world)
  await recordPassages(world)
  await world.stop()
}
holdContract('ufw', 'sandbox', [...ufwCases, ...passageCases], sandboxUfw)
holdContract('ufw', 'real', [...ufwCases, ...passageCases, ...furtherPassageCases], realUfw)
