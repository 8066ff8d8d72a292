// sandbox:up without PostgreSQL, from the command to the first answer, beside `node -e 0`. Usage: node bench/sandbox-up.js [RUNS]
import { join } from 'node:path'
import { alone, honeydue, inFolder, inTurn, measured, row } from './support.js'

export const rows = (runs) =>
  inFolder(async (folder) => {
    let round = 0
    const up = async () => {
      const dir = join(folder, String(round++))
      const result = await honeydue(['sandbox:up', '--detach', '--no-postgres', '--dir', dir])
      await honeydue(['sandbox:down', '--dir', dir])
      return result
    }
    const result = await inTurn(runs, up, () => measured(process.execPath, ['-e', '0']))
    return [row('`sandbox:up --detach --no-postgres`', '`node -e 0`', result)]
  })

await alone(import.meta.url, rows, 5)
