/**
 * Parts of packages that nothing here can come to: each is replaced by what tells so when it is called, and its names are kept so that what
 * asks for them can be loaded. `from` is the file that asks, `asks` what it asks for, `names` what it takes of it, `instead` other than an error.
 */
const parts = [
  // KubeConfig is asked for one thing, the credentials of an auth-provider (credentials.ts), of a text that is JSON: no API, no model of one.
  { from: /[\\/]client-node[\\/]dist[\\/]config\.js$/, asks: './gen/index.js', names: ['createConfiguration', 'ServerConfiguration'] },
  { from: /[\\/]client-node[\\/]dist[\\/]config\.js$/, asks: 'js-yaml', instead: 'export default { load: JSON.parse }' },
  { from: /[\\/]client-node[\\/]dist[\\/]config\.js$/, asks: 'node-fetch', names: ['Headers'] },
  // oclif looks for commands, plugins and settings in folders only where the package has no manifest or names plugins.
  { from: /[\\/]@oclif[\\/]core[\\/]/, asks: 'tinyglobby', names: ['glob'] },
  { from: /[\\/]@oclif[\\/]core[\\/]/, asks: 'minimatch', names: ['minimatch'] },
  { from: /[\\/]@oclif[\\/]core[\\/]/, asks: 'lilconfig', names: ['lilconfig'] },
  // EVAL opens none of the libraries that reach the machine.
  {
    from: /[\\/]fengari[\\/]src[\\/]l(?:ualib|init)\.js$/,
    asks: /^\.\/(?:liolib|loslib|ldblib|loadlib)\.js$/,
    names: ['luaopen_io', 'luaopen_os', 'luaopen_debug', 'luaopen_package'],
  },
  // No file is sent to a node or taken from one.
  { from: /[\\/]node-ssh[\\/]/, asks: 'make-dir', names: [] },
  { from: /[\\/]ssh2[\\/]/, asks: /[\\/]SFTP\.js$/, names: ['SFTP', 'flagsToString', 'OPEN_MODE', 'STATUS_CODE', 'stringToFlags'] },
  // One Redis, spoken to directly.
  { from: /[\\/]ioredis[\\/]built[\\/]/, asks: './cluster', names: [] },
  // PostgreSQL is spoken to in JavaScript.
  { from: /[\\/]pg[\\/]lib[\\/]/, asks: './native', names: [] },
]

const source = ({ asks, names, instead }) => {
  if (instead) return instead
  const none = `function none() { throw new Error('${String(asks).replaceAll(/[\\/'$]/g, '')} is no part of this program') }`
  const named = names.map((name) => `none as ${name}`)
  return `${none}\nexport { ${[...named, 'none as default'].join(', ')} }`
}

const isAsked = ({ from, asks }, path, importer) => from.test(importer) && (typeof asks === 'string' ? path === asks : asks.test(path))

/** Leaves out what is never come to. A part that is no longer asked for stops the build: then it is to be looked at again. */
export const unneeded = {
  name: 'unneeded',
  setup: (build) => {
    const met = new Set()
    build.onResolve({ filter: /.*/ }, ({ path, importer, namespace }) => {
      const index = namespace === 'file' ? parts.findIndex((part) => isAsked(part, path, importer)) : -1
      if (index < 0) return undefined
      met.add(index)
      return { path: `${index}`, namespace: 'unneeded', sideEffects: false }
    })
    build.onLoad({ filter: /.*/, namespace: 'unneeded' }, ({ path }) => ({ contents: source(parts[Number(path)]), loader: 'js' }))
    build.onEnd(() => {
      const missed = parts.filter((_, index) => !met.has(index))
      return { errors: missed.map(({ from, asks }) => ({ text: `${from} no longer asks for ${asks}: see scripts/unneeded.js` })) }
    })
  },
}
