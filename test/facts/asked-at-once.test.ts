import { expect, test } from 'vitest'
import { surveyCertificate } from '../../src/lib/facts/cert/survey.ts'
import { surveyEdge } from '../../src/lib/facts/edge/survey.ts'
import { surveyFirewalls } from '../../src/lib/facts/firewall/survey.ts'
import { useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox()

/** Readers that note who was asked for what, and answer nothing. */
const silent = () => {
  const asked: string[] = []
  const look = new Proxy(
    {},
    {
      get: (_, system: string) =>
        new Proxy(
          {},
          {
            get: (__, verb: string) => (about: unknown) => {
              asked.push(`${system}.${verb} ${String(about)}`)
              return new Promise(() => {})
            },
          },
        ),
    },
  ) as never
  return { asked, look }
}

test('while Cloudflare says nothing, the nodes and the names are asked already: two that are silent cost one wait', () => {
  const { environment } = sandbox()
  const { asked, look } = silent()
  void surveyEdge(environment, look, () => new Date())
  expect(asked).toEqual(expect.arrayContaining(environment.nodes.map(({ alias }) => `nodes.served ${alias}`)))
  expect(asked).toContain(`http.get ${environment.health}`)
  expect(asked).toHaveLength(new Set(asked).size)
})

test('while the cluster does not say which names it serves, the nodes are asked for those of the environment', () => {
  const { environment } = sandbox()
  const { asked, look } = silent()
  void surveyCertificate(environment, look)
  expect(asked).toEqual(
    expect.arrayContaining([
      'kube.list Ingress',
      ...environment.nodes.map(({ alias }) => `nodes.served ${alias}`),
      'cloudflare.settings undefined',
    ]),
  )
})

test('while nobody publishes ranges, the cluster is asked already for the places that hold them', () => {
  const { environment } = sandbox()
  const { asked, look } = silent()
  void surveyFirewalls(environment, look)
  expect(asked).toEqual(
    expect.arrayContaining(['cloudflare.ranges undefined', 'kube.get DaemonSet', 'kube.list Middleware', 'nodes.firewall hetzner1']),
  )
})
