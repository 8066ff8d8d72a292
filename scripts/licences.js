import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The licence of every package that a bundle was made of, as the package gives it. `files`: the bundle's inputs, relative to `root`. */
export const licences = (root, files) => {
  const folders = new Set(files.flatMap((file) => file.match(/^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []))
  return [...folders]
    .sort()
    .map((folder) => textOf(join(root, folder)))
    .join(`\n${'-'.repeat(80)}\n\n`)
}

const textOf = (folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file) && !/\.(js|ts|json)$/.test(file))
  if (files.length === 0 && license === undefined) throw new Error(`${name} says nowhere under which licence it may be given on`)
  const texts = files.filter((file) => existsSync(join(folder, file))).map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return [`${name} ${version} (${license ?? 'see below'})`, ...texts, ''].join('\n\n')
}
