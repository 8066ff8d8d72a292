import { builtinModules } from 'node:module'

const names = new Set(builtinModules)
const identifier = /^[A-Za-z_$][\w$]*$/

/**
 * Node's own modules, taken as they are. Imported, each is first copied into a namespace, which runs every getter that it has: parts of Node are
 * loaded that nobody asked for, and Node 24 tells NO_COLOR and FORCE_COLOR apart on standard error. Only what is used is read here.
 */
export const builtins = {
  name: 'builtins',
  setup: (build) => {
    build.onResolve({ filter: /^(node:)?[a-z_/]+$/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '')
      return kind !== 'require-call' && names.has(name) ? { path: `node:${name}`, namespace: 'builtin', sideEffects: false } : undefined
    })
    // node-fetch's, for a Node that has no URL: it brings 270 kB, and punycode, of which Node warns from 21 on.
    build.onResolve({ filter: /^whatwg-url$/ }, () => ({ path: 'node:url', namespace: 'builtin', sideEffects: false }))
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, async ({ path }) => {
      const exported = Object.keys(process.getBuiltinModule(path)).filter((name) => identifier.test(name) && name !== 'default')
      const each = exported.map((name) => `const ${name}_ = /* @__PURE__ */ (() => its.${name})()\nexport { ${name}_ as ${name} }`)
      return { contents: [`const its = process.getBuiltinModule('${path}')`, ...each, 'export default its'].join('\n'), loader: 'js' }
    })
  },
}
