import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What CommonJS finds in every module, for what is bundled of it; `require` alone is used where a module asks for Node's own. */
export const banner =
  "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;"

const isUsed = /\b(?:require|__filename|__dirname)\b/
// Each module of CommonJS is wrapped in a function that has its path for a name.
const paths = /__commonJS\(\{"node_modules\/[^"]+"\(/g

/** Takes the banner from the files that do not use it, which are nearly all, and from each wrapper the path that nobody reads. */
export const lean = (root, files) => {
  for (const file of files.filter((name) => name.endsWith('.js'))) {
    const path = join(root, file)
    const source = readFileSync(path, 'utf8').replaceAll(paths, '__commonJS({"_"(')
    const rest = source.replace(`${banner}\n`, '')
    writeFileSync(path, isUsed.test(rest) ? source : rest)
  }
}
