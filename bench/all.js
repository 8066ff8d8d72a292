// Every measurement in turn, in ten minutes; the table goes to standard output, and into the README between its marks. Usage: node bench/all.js
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { asTable, machine } from './support.js'

const scripts = { startup: 11, 'sandbox-up': 5, 'nodes-status': 5, pods: 5, rollout: 5, logs: 5, 'cache-invalidate': 5 }
const readme = fileURLToPath(new URL('../README.md', import.meta.url))
const [start, end] = ['<!-- bench -->', '<!-- /bench -->']

const all = []
for (const [name, runs] of Object.entries(scripts)) {
  const began = performance.now()
  const { rows } = await import(`./${name}.js`)
  const found = await rows(runs)
  all.push(...found)
  console.error(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s`)
}
const table = `${asTable(all)}\n\nMeasured on ${machine()}: the middle one of so many runs in turn, with the ratio of the times, and that of the processor time where it is known. Other work of the machine is in both.`
console.log(table)
const text = readFileSync(readme, 'utf8')
const [before, , after] = text.split(new RegExp(`(?<=${start}\n)([^]*?)(?=${end})`))
if (after !== undefined) writeFileSync(readme, `${before}\n${table}\n\n${after}`)
