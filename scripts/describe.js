#!/usr/bin/env node
// Writes oclif.manifest.json from the built commands, and the help that oclif would print, rendered once for all, into dist/help.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import { Config, loadHelpClass, Plugin } from '@oclif/core'
import { parse } from 'yaml'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const manifestFile = join(root, 'oclif.manifest.json')
// Narrower terminals are left to oclif itself; no text changes beyond the widest.
const narrowest = 60
const widest = 1000

/** Command lines for the help: those of the command's page, with a word in the place of what the operator puts in. */
const examplesOf = (id, { flags }) => {
  const typed = '<%= config.bin %> <%= command.id %>'
  if ('watch' in flags) return [typed, `${typed} --watch`]
  const [, head = ''] = /^---\n([\s\S]*?)\n---\n/.exec(pageOf(id)) ?? []
  const lines = (parse(head)?.examples ?? []).map(({ flags: given = '', with: values = {} }) =>
    `${typed} ${given.replaceAll(/\$([A-Z_]+)/g, (_, name) => values[name] ?? name)}`.trim(),
  )
  const [first = typed] = lines
  if (!('dry-run' in flags)) return [...new Set([first, ...lines])]
  return [`${first} --dry-run`, ...new Set(lines)].slice(0, 4)
}

const pageOf = (id) => {
  const file = join(root, 'runbooks', `${id.replaceAll(':', '-')}.md`)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

rmSync(manifestFile, { force: true })
const plugin = new Plugin({ errorOnManifestCreate: true, ignoreManifest: true, respectNoCacheDefault: true, root, type: 'core' })
await plugin.load()
// oclif names the commands in the order in which their files came to be loaded: sorted, the same source gives the same file.
const commands = Object.fromEntries(
  Object.entries(plugin.manifest.commands)
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([id, command]) => [id, command.examples?.length ? command : { ...command, examples: examplesOf(id, command) }]),
)
writeFileSync(manifestFile, `${JSON.stringify({ ...plugin.manifest, commands }, undefined, 2)}\n`)

const config = await Config.load({ root })
// Names this machine and its Node: put in when the text is shown.
config.userAgent = '%USER_AGENT%'

const Help = await loadHelpClass(config)
class Written extends Help {
  lines = []
  log(...args) {
    this.lines.push(args.join(' '))
  }
}

const render = async (id, maxWidth) => {
  const help = new Written(config, { ...config.pjson.oclif.helpOptions, maxWidth })
  await help.showHelp(id ? [id, '--help'] : ['--help'])
  return `${help.lines.join('\n')}\n`
}

/** Every text that `id` has, with the width from which it holds: equal at two widths is equal between them. */
const renderAll = async (id) => {
  const known = new Map()
  const at = async (width) => {
    const text = known.get(width) ?? (await render(id, width))
    known.set(width, text)
    return text
  }
  const texts = [{ from: narrowest, text: await at(narrowest) }]
  const between = async (low, high) => {
    if ((await at(low)) === (await at(high))) return
    if (high - low === 1) return texts.push({ from: high, text: await at(high) })
    const middle = Math.floor((low + high) / 2)
    await between(low, middle)
    await between(middle, high)
  }
  await between(narrowest, widest)
  return texts
}

const pack = (name, text) => {
  const file = join(root, 'dist/help', name)
  mkdirSync(dirname(file), { recursive: true })
  // A text for every width at which it differs: packed, all of them together take what one took.
  writeFileSync(file, brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT } }))
}
const write = (name, value) => pack(`${name}.json.br`, JSON.stringify(value))

const topics = [...new Set(config.topics.map(({ name }) => name))].sort()
const completed = ({ summary = '', args = {}, flags = {} }) => ({
  about: summary,
  args: Object.keys(args),
  flags: Object.fromEntries(
    Object.entries(flags)
      .filter(([, { hidden }]) => !hidden)
      .map(([name, { summary: about = '', type, options }]) => [name, { about, value: type === 'option', ...(options && { options }) }]),
  ),
})
write('complete', {
  topics: Object.fromEntries(config.topics.map(({ name, description = '' }) => [name, description])),
  commands: Object.fromEntries(Object.entries(commands).map(([id, command]) => [id, completed(command)])),
})
write('index', { version: config.version, bin: config.bin, narrowest, topics, commands: Object.keys(commands) })
// The commands of a topic have most of their flags in common: packed together, each on a line of its own.
const lines = new Map()
for (const id of ['', ...new Set([...topics, ...Object.keys(commands)])]) {
  const [topic] = id.split(':')
  lines.set(topic, [...(lines.get(topic) ?? []), `${id}\t${JSON.stringify(await renderAll(id))}\n`])
}
for (const [topic, texts] of lines) pack(`of/${topic || '-'}.br`, texts.join(''))
