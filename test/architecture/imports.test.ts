import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const source = fileURLToPath(new URL('../../src/', import.meta.url))

/** Who may import whom, beside itself; `type` is for what may be named but not run. */
const allowed: Readonly<Record<string, Readonly<Record<string, 'run' | 'type'>>>> = {
  'answer.ts': { cli: 'run' },
  'run.ts': { cli: 'run' },
  procedures: { ground: 'run', facts: 'run', plan: 'run', systems: 'type' },
  reports: { ground: 'run', facts: 'run', plan: 'run', systems: 'type', environment: 'type' },
  commands: {
    ground: 'run',
    facts: 'run',
    cli: 'run',
    runbook: 'run',
    procedures: 'run',
    reports: 'run',
    logs: 'run',
    sandbox: 'run',
    drills: 'run',
    environment: 'run',
    plan: 'run',
    journal: 'run',
  },
  logs: { ground: 'run', facts: 'run', cli: 'run', systems: 'type' },
  facts: { ground: 'run', goose: 'run', sql: 'run', plan: 'run', systems: 'type', environment: 'type' },
  plan: { ground: 'run', systems: 'type', environment: 'type' },
  systems: { ground: 'run', environment: 'run', sql: 'type' },
  journal: { ground: 'run', plan: 'run', environment: 'run', systems: 'type' },
  drills: { ground: 'run', sandbox: 'run', journal: 'type' },
  goose: {},
  sql: {},
  'postgres-server': { ground: 'run', goose: 'run' },
  runbook: { procedures: 'run' },
  environment: { ground: 'run' },
  sandbox: { ground: 'run', environment: 'run', 'postgres-server': 'run' },
  cli: {
    ground: 'run',
    plan: 'run',
    journal: 'run',
    runbook: 'run',
    environment: 'run',
    systems: 'run',
    sandbox: 'run',
    'postgres-server': 'run',
  },
}

/** Libraries that one part alone may import. */
const kept: Readonly<Record<string, readonly string[]>> = {
  listr2: ['cli'],
  '@inquirer/prompts': ['cli'],
  '@oclif/core': ['cli', 'commands', 'run.ts'],
  '@kubernetes/client-node': ['systems'],
  cloudflare: ['systems'],
  ioredis: ['systems'],
  ssh2: ['systems', 'sandbox'],
  'libpg-query': ['sql'],
  pg: ['systems', 'sandbox', 'postgres-server', 'drills'],
}

const partOf = (file: string): string => {
  const [first = '', second = ''] = file.split(sep)
  if (first !== 'lib') return first
  return second.endsWith('.ts') ? 'ground' : second
}

const imports = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) =>
    [...readFileSync(join(source, file), 'utf8').matchAll(/^(?:import|export)( type)?\s[^'"]*?from '([^']+)'|\bimport\('([^']+)'\)/gm)].map(
      ([, type, named, loaded]) => ({ file, from: partOf(file), type: type !== undefined, target: named ?? loaded ?? '' }),
    ),
  )

test('imports between parts run one way', () => {
  const wrong = imports.filter(({ file, from, type, target }) => {
    if (!target.startsWith('.')) return false
    const to = partOf(normalize(join(dirname(file), target)))
    const may = allowed[from]?.[to]
    return to !== from && !(may === 'run' || (may === 'type' && type))
  })
  expect(imports.length).toBeGreaterThan(300)
  const where =
    'next: move what both need to src/lib/*.ts, or to src/lib/facts/; a type alone takes `import type`. Who may import whom: above'
  expect(
    wrong.map(({ file, target }) => `${file} → ${target}`),
    where,
  ).toEqual([])
})

test('no arrow runs up: a part that another may name, for types too, does not name that one in turn', () => {
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
    Object.keys(allowed[from] ?? {}).some((next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))))
  expect(Object.keys(allowed).filter((part) => reaches(part, part))).toEqual([])
  expect(allowed.ground).toBeUndefined()
})

test('no file is needed by what it needs: imports, of types too, make no circle', () => {
  const needs = new Map<string, readonly string[]>()
  for (const { file, target } of imports)
    if (target.startsWith('.')) needs.set(file, [...(needs.get(file) ?? []), normalize(join(dirname(file), target))])
  const done = new Set<string>()
  const circles: string[] = []
  const walk = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file)
    if (at >= 0) return void circles.push([...way.slice(at), file].join(' → '))
    if (done.has(file)) return
    for (const next of needs.get(file) ?? []) walk(next, [...way, file])
    done.add(file)
  }
  for (const file of needs.keys()) walk(file, [])
  expect(circles).toEqual([])
})

test('libraries of the network and the terminal stay in their part', () => {
  const wrong = imports.filter(({ from, type, target }) => {
    const library = Object.keys(kept).find((name) => target === name || target.startsWith(`${name}/`))
    return !type && library !== undefined && !kept[library]?.includes(from)
  })
  expect(wrong.map(({ file, target }) => `${file} → ${target}`)).toEqual([])
})

// node-ssh comes as an ES module as well.
test('a library that is loaded when it is first needed is taken by its default: bundled, CommonJS gives no other name', () => {
  const loads = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => readFileSync(join(source, file), 'utf8').split('\n'))
    .filter((line) => /(?<!typeof )import\('(?![.]|node:|node-ssh')/.test(line))
  expect(loads.length).toBeGreaterThan(1)
  expect(loads.filter((line) => !/\bdefault: \w+ \} = await import\(|await import\('[^']+'\)\)\.default/.test(line))).toEqual([])
})
