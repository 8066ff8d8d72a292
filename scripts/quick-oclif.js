import { readFile } from 'node:fs/promises'

const declared = /^(?:const|var) (\w+_\d+) = ((?:__importDefault\()?require\("[^"]+"\)\)?);$/gm

/**
 * oclif before a command's first line, made quick: it loads all of itself and of its libraries (its help, two glob matchers, a template engine,
 * a spinner), and starts a collator to sort the manifest's commands. What TypeScript made of its imports, `const X_1 = require("…")`, is loaded
 * here where it is first used; and the identifiers, which are ASCII, are sorted by their code units.
 */
export const quickOclif = {
  name: 'quick-oclif',
  setup: (build) => {
    build.onLoad({ filter: /[\\/]@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, async ({ path }) => {
      const text = (await readFile(path, 'utf8')).replace('a.id.localeCompare(b.id)', '(a.id < b.id ? -1 : 1)')
      const names = [...text.matchAll(declared)].map(([, name]) => name)
      if (names.length === 0) return { contents: text, loader: 'js' }
      const lazy = text.replace(declared, 'const $1 = () => $2;')
      const used = new RegExp(`\\b(${names.join('|')})\\b(?! = \\(\\) =>)`, 'g')
      return { contents: lazy.replace(used, '($1())'), loader: 'js' }
    })
  },
}
