import { readFile } from 'node:fs/promises'
import { transform } from 'esbuild'

/** Large packages that nothing is told of by the names of their variables, and that no stack of ours has to be read in: a quarter of them is names. */
const packages = [
  '@inquirer/[a-z]+',
  '@ioredis/commands',
  '@kubernetes/client-node',
  '@noble/\\w+',
  '@oclif/core',
  '@peculiar/\\w+',
  'ansis',
  'asn1',
  'asn1js',
  'bcrypt-pbkdf',
  'brace-expansion',
  'bytestreamjs',
  'chalk',
  'cli-truncate',
  'color-convert',
  'debug',
  'ejs',
  'fdir',
  'fengari',
  'ioredis',
  'ip-address',
  'js-yaml',
  'jsonpath-plus',
  'lilconfig',
  'listr2',
  'lodash\\.\\w+',
  'log-update',
  'make-dir',
  'minimatch',
  'minisearch',
  'node-fetch',
  'node-ssh',
  'oauth4webapi',
  'openid-client',
  'pg',
  'pg-\\w+',
  'picomatch',
  'pkijs',
  'pvtsutils',
  'pvutils',
  'readline-sync',
  'rfc4648',
  'rfc6902',
  'semver',
  'slice-ansi',
  'smart-buffer',
  'socks',
  'socks-proxy-agent',
  'ssh2',
  'streamx',
  'tar-fs',
  'tar-stream',
  'tinyglobby',
  'tmp',
  'tweetnacl',
  'wrap-ansi',
  'ws',
  'yaml',
]
const files = new RegExp(`node_modules/(?:${packages.join('|')})/.*\\.js$`)

/** Those of them that never look at the name of a class or function: of these the outermost names of a module are shortened too. */
const nameless = /node_modules\/(?:@kubernetes\/client-node|fengari|yaml)\//

/** Which kind of module it is: where that is said its outermost names are its own. */
const formatOf = (code) => (/^(?:import|export)\b/m.test(code) ? 'esm' : 'cjs')

/** Shortens the names of variables within these packages alone; our own code, and every name that is exported or a property, stays as it is written. */
export const shortNames = {
  name: 'short-names',
  setup: (build) => {
    build.onLoad({ filter: files }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const format = nameless.test(path) ? { format: formatOf(source) } : {}
      const options = { loader: 'js', minifyIdentifiers: true, target: 'node20.19', ...format }
      return { contents: (await transform(source, options)).code, loader: 'js' }
    })
  },
}
