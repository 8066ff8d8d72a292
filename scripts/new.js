#!/usr/bin/env node
// Makes the files of a new procedure, or with --report of a new report: `npm run new deploy:scale`. Each says what is to be written in it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { positionals, values } = parseArgs({ allowPositionals: true, options: { report: { type: 'boolean', default: false } } })
const [, topic, verb] = /^([a-z]+):([a-z]+(?:-[a-z]+)*)$/.exec(positionals[0] ?? '') ?? []
if (topic === undefined || verb === undefined) {
  process.stderr.write(
    'A new procedure is named by its command: npm run new deploy:scale\nA new report: npm run new -- deploy:status --report\n',
  )
  process.exit(2)
}
const id = `${topic}:${verb}`
const camel = verb.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())
// A report is often named status or list: its topic tells it from the others.
const reserved =
  /^(?:await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|export|extends|false|finally|for|function|if|import|in|instanceof|let|new|null|package|return|static|super|switch|this|throw|true|try|typeof|var|void|while|with|yield)$/
const name = values.report || reserved.test(camel) ? `${topic}${camel[0]?.toUpperCase()}${camel.slice(1)}` : camel
const part = values.report ? 'reports' : 'procedures'

const procedure = `import { argument } from '../../plan/choice.ts'
import { when } from '../../plan/finding.ts'
import { defineProcedure } from '../../plan/procedure.ts'

/** In one sentence: what it does, and what it never does. */
export const ${name} = defineProcedure({
  id: '${id}',
  title: 'Imperative, names its object, at most 60 characters',
  needs: ['kube'],
  choices: { name: argument({ about: 'which ConfigMap', ask: 'Which ConfigMap?' }) },
  risk: () => 'disruptive',
  // Every read, together where they are independent.
  gather: async (input, look, { environment: { namespace } }) => ({
    namespace,
    name: input.name,
    values: await look.kube.configMap(namespace, input.name),
  }),
  subject: ({ name }) => name,
  target: ({ namespace, name }) => [\`ConfigMap \${namespace}/\${name}\`],
  // Pure: the page of the runbook, from top to bottom.
  steps: ({ namespace, name, values }) => [
    {
      title: \`Set a value of \${name}\`,
      effect: [{ what: \`ConfigMap \${namespace}/\${name}, KEY\`, before: values?.DEBUG ?? 'not set', after: 'true' }],
      check: async () => when(values !== undefined, \`there is no ConfigMap \${namespace}/\${name}\`),
      apply: (write) => write.kube.setConfigMapValue({ namespace, name, key: 'DEBUG', from: values?.DEBUG ?? '', to: 'true' }),
      verify: async (look) => when((await look.kube.configMap(namespace, name))?.DEBUG === 'true', 'DEBUG is another'),
      undo: (write) => write.kube.setConfigMapValue({ namespace, name, key: 'DEBUG', from: 'true', to: values?.DEBUG ?? '' }),
    },
  ],
})
`
const report = `import { defineReport } from '../../plan/report.ts'

/** In one sentence: what it shows. */
export const ${name} = defineReport({
  id: '${id}',
  title: 'Show what, and where it is wrong',
  needs: ['kube'],
  choices: {},
  look: async (_, { kube }, { environment: { namespace } }) => {
    const pods = await kube.pods({ namespace })
    return {
      // Worst first; each with the next command where there is one.
      findings: [],
      tables: [{ columns: ['pod', 'node'], rows: pods.map(({ metadata, spec }) => [metadata.name, spec.nodeName ?? '']) }],
      data: { pods: pods.length },
    }
  },
})
`
const kind = values.report ? 'report' : 'procedure'
const command = `import { ${kind}Command } from '../../lib/cli/${kind}-command.ts'
import { ${name} } from '../../lib/${part}/${topic}/${verb}.ts'

export default ${kind}Command(${name})
`
const laws = `import { ${name} } from '../../src/lib/procedures/${topic}/${verb}.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'
import { laws } from './laws.ts'

const sandbox = useSandbox()
const { systems, close } = useSystems(sandbox)
const configMaps = { group: '', resource: 'configmaps' }
const client = () => sandbox().kubernetes.client

laws(
  ${name},
  {
    systems,
    environment: () => sandbox().environment,
    // All that the procedure can change, and nothing that changes by itself.
    observe: async () =>
      client()
        .list(configMaps, { namespace: 'honeydue' })
        .map(({ metadata, data }) => [metadata.name, data]),
    reset: async () => {
      await close()
      await sandbox().reset()
    },
    planted: plantedValues,
  },
  [
    { name: 'healthy', input: { name: 'honeydue-config' }, arrange: () => {}, meets: 'work' },
    {
      name: 'already so',
      input: { name: 'honeydue-config' },
      arrange: () =>
        void client().update(configMaps, 'honeydue-config', 'honeydue', (draft) => {
          draft.data = { ...(draft.data as object), DEBUG: 'true' }
        }),
      meets: 'nothing to do',
    },
    { name: 'no such ConfigMap', input: { name: 'none' }, arrange: () => {}, refused: /there is no ConfigMap/ },
  ],
)
`
const parts = values.report
  ? '## What it shows\n\nWhich columns, and what the worst finding means.\n'
  : '## What it does\n\n<!-- plan -->\n\n<!-- /plan -->\n\n## By hand\n\n<!-- by hand -->\n\n<!-- /by hand -->\n\n## If it goes wrong\n\n- **What the operator sees.** What it means, and what to type.\n\n## Related incidents\n\n- No incident of this deployment is known in which it would have been used.\n'
const page = `---
command: ${id}
symptoms:
  - what somebody types who has the trouble and not the name
  - the same in other words
${values.report ? '' : 'examples:\n  - flags: honeydue-config\n'}---

# The title of the command

## When

When to use it, and when not.

${parts}`

const files = {
  [`src/lib/${part}/${topic}/${verb}.ts`]: values.report ? report : procedure,
  [`src/commands/${topic}/${verb}.ts`]: command,
  ...(!values.report && { [`test/laws/${topic}-${verb}.test.ts`]: laws }),
  [`runbooks/${topic}-${verb}.md`]: page,
}
const taken = Object.keys(files).filter((file) => existsSync(join(root, file)))
if (taken.length > 0) {
  process.stderr.write(`These are there already: ${taken.join(', ')}\n`)
  process.exit(1)
}
for (const [file, text] of Object.entries(files)) {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}

/** Puts a line among those of a list, in their order. */
const insert = (file, from, line) => {
  const lines = readFileSync(join(root, file), 'utf8').split('\n')
  const first = lines.findIndex((one) => one.includes(from)) + 1
  const end = first + lines.slice(first).findIndex((one) => one.startsWith('}'))
  const next = lines.slice(first, end).findIndex((one) => one.startsWith("  '") && one > line)
  const at = next < 0 ? end : first + next
  writeFileSync(join(root, file), [...lines.slice(0, at), line, ...lines.slice(at)].join('\n'))
}
insert(`src/lib/${part}/index.ts`, `export const ${part} = {`, `  '${id}': async () => (await import('./${topic}/${verb}.ts')).${name},`)
/** Tables in which the compiler or a test misses a procedure, each with a line that holds for what stands in the new files. */
const tables = values.report
  ? [['test/hostile/wires.test.ts', 'const asked', `  '${id}': ['kubernetes'],`]]
  : [
      ['test/hostile/attacked.ts', 'export const attacked', `  '${id}': { words: ['honeydue-config'], systems: ['kubernetes'] },`],
      [
        'test/runs/cases.ts',
        'export const cases',
        `  '${id}': {
    words: () => ['honeydue-config'],
    end: ({ kubernetes }) => kubernetes.client.list({ group: '', resource: 'configmaps' }, { namespace }),
  },`,
      ],
      ['test/hostile/every-field.test.ts', 'const inputs', `  '${id}': () => ({ name: 'honeydue-config' }),`],
      ['src/lib/facts/cluster/rights.ts', 'export const rightsOf', `  '${id}': [config],`],
    ]
for (const [file, from, line] of tables) insert(file, from, line)

const described = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
if (described.oclif.topics[topic] === undefined) {
  described.oclif.topics[topic] = { description: 'in a few words, what its commands are about' }
  described.oclif.topics = Object.fromEntries(Object.entries(described.oclif.topics).sort(([one], [other]) => one.localeCompare(other)))
  writeFileSync(join(root, 'package.json'), `${JSON.stringify(described, undefined, 2)}\n`)
}
process.stdout.write(`${[...Object.keys(files), `src/lib/${part}/index.ts`, ...tables.map(([file]) => file)].map((file) => `  ${file}`).join('\n')}

Next, until it is green:
  npx tsc -p . && npm run build${values.report ? '' : ` && HONEYDUE_LAWS=all npx vitest run test/laws/${topic}-${verb}.test.ts`}
  npm run runbooks   # writes the page's generated parts and the README's tables
  npx vitest run test/architecture test/runbooks${
    values.report
      ? ''
      : `

The lines that it put into tables are of what the new files do now: change them with the procedure. By hand:
  test/runs/cases.ts            its place in groups, and what its end is
  test/runs/hands.ts            what somebody else changes in mid-run, and how the run may end
  test/runbooks/typed-words.ts  what people type who are to find its page`
  }
`)
