import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The licence of every package that a bundle was made of, as the package gives it. `files`: the bundle's inputs, relative to `root`. */
export const licences = (root, files) => {
  // A file that a plugin has taken stands behind the plugin's name.
  const places = files.map((file) => file.replace(/^[a-z-]+:/, ''))
  const folders = new Set(places.flatMap((file) => file.match(/^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []))
  // Many packages give the same text, to the letter but for its line breaks: it stands once, under all their names.
  const byText = new Map()
  for (const folder of [...folders].sort()) {
    const { name, text } = licenceOf(folder.startsWith('/') ? folder : join(root, folder))
    byText.set(text, [...(byText.get(text) ?? []), name])
  }
  const once = paragraphs([...byText.keys()])
  return [...byText].map(([text, names]) => `${[...new Set(names)].join('\n')}\n\n${once(text)}\n`).join(`\n${'-'.repeat(80)}\n\n`)
}

/** Texts that differ in who holds the copyright have their other paragraphs in common: each of those stands once, numbered, and is named by its number after that. */
const paragraphs = (texts) => {
  const parted = (text) => text.split(/\n{2,}/)
  const bare = (paragraph) => paragraph.replace(/\s+/g, ' ').trim()
  const counts = new Map()
  for (const paragraph of texts.flatMap(parted).map(bare)) counts.set(paragraph, (counts.get(paragraph) ?? 0) + 1)
  const numbers = new Map()
  return (text) =>
    parted(text)
      .map((paragraph) => {
        const found = bare(paragraph)
        if (found.length < 100 || counts.get(found) === 1) return paragraph
        if (numbers.has(found)) return `[as paragraph ${numbers.get(found)} above]`
        numbers.set(found, numbers.size + 1)
        return `[paragraph ${numbers.get(found)}]\n${paragraph}`
      })
      .join('\n\n')
}

const licenceOf = (folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file) && !/\.(js|ts|json)$/.test(file))
  if (files.length === 0 && license === undefined) throw new Error(`${name} says nowhere under which licence it may be given on`)
  const texts = files.filter((file) => existsSync(join(folder, file))).map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return { name: `${name} ${version} (${license ?? 'see below'})`, text: texts.join('\n\n').replaceAll('\r\n', '\n') }
}
