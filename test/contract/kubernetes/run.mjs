// Runs the scenarios against a server and compares every call with what a real control plane answered.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { connect } from './client.mjs'
import { differences, normalize } from './normalize.mjs'

const here = dirname(fileURLToPath(import.meta.url))
export const scenarios = readdirSync(join(here, 'scenarios'))
  .map((file) => file.replace(/\.mjs$/, ''))
  .sort()

/** The calls of one scenario with what differs from the recording: empty where nothing does; `stopped` says why a scenario ended early. Works in a namespace of its own. */
export async function check(name, kubeconfig) {
  const server = connect(kubeconfig)
  const { default: scenario } = await import(pathToFileURL(join(here, 'scenarios', `${name}.mjs`)))
  const recorded = JSON.parse(readFileSync(join(here, 'recorded', `${name}.json`), 'utf8'))
  const namespace = `contract-${name}`
  const seen = []
  const note = (title, value) => {
    const now = normalize({ title, ...value }, namespace)
    const expected = recorded[seen.length]
    seen.push({ title, differences: expected === undefined ? ['not recorded'] : differences(expected, now) })
  }
  const as =
    (user) =>
    async (title, method, path, options = {}) => {
      const response = await server[user](method, path, options)
      if (title) note(title, { request: { user, method, path, ...options }, response })
      return response
    }
  try {
    await server.admin('DELETE', `/api/v1/namespaces/${namespace}`)
    for (let i = 0; i < 600 && (await server.admin('GET', `/api/v1/namespaces/${namespace}`)).status === 200; i++) await server.sleep(100)
    await server.admin('POST', '/api/v1/namespaces', { body: { metadata: { name: namespace } } })
    let stopped
    await scenario({
      call: as('admin'),
      viewer: as('viewer'),
      anonymous: as('anonymous'),
      note,
      namespace,
      ns: `/api/v1/namespaces/${namespace}`,
      apps: `/apis/apps/v1/namespaces/${namespace}`,
      server,
    }).catch((error) => {
      stopped = error instanceof Error ? error.message : String(error)
    })
    return { seen, recorded: recorded.length, stopped }
  } finally {
    await server.admin('DELETE', `/api/v1/namespaces/${namespace}`)
    server.close()
  }
}
