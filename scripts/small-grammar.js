import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'

/**
 * PostgreSQL's grammar, carried in a fifth of its size: its package reads the WebAssembly from beside itself; here it is handed what was packed
 * at build, by Emscripten's own `instantiateWasm` (10 ms of unpacking, where migrations are looked at).
 */
export const smallGrammar = (root) => ({
  name: 'small-grammar',
  setup: (build) => {
    build.onResolve({ filter: /^\.\/libpg-query\.js$/ }, ({ importer, resolveDir, namespace }) =>
      namespace === 'file' && importer.includes('libpg-query')
        ? { path: join(resolveDir, 'libpg-query.js'), namespace: 'grammar' }
        : undefined,
    )
    build.onLoad({ filter: /.*/, namespace: 'grammar' }, ({ path }) => ({
      contents: `import made from ${JSON.stringify(path)}
import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
const instantiateWasm = (imports, done) =>
  void WebAssembly.instantiate(brotliDecompressSync(readFileSync(new URL('libpg-query.wasm.br', import.meta.url))), imports).then(({ instance, module }) => done(instance, module))
export default (given) => made({ instantiateWasm, ...given })`,
      resolveDir: root,
      loader: 'js',
    }))
  },
})

/** The packed WebAssembly. */
export const packedGrammar = (root) => brotliCompressSync(readFileSync(join(root, 'node_modules/libpg-query/wasm/libpg-query.wasm')))
