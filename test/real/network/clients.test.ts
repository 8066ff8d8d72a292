import { execFile } from 'node:child_process'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { apiHost, nodes, publicNames, zoneName } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { requestFor } from '../../../src/lib/sandbox/edge/csr.ts'
import type { Said } from '../../../src/lib/systems/systems.ts'
import { installed } from '../../support/installed.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

// curl and openssl, as they are installed, against the sandbox's edge, nodes and Cloudflare.
const run = promisify(execFile)
// The nodes of the sandbox would use their own stand-in where the machine has no openssl.
beforeAll(() => void installed('openssl', 'openssl'))
const sandbox = useSandbox()
const { systems } = useSystems(sandbox)

const caFile = () => join(sandbox().dir, 'ca.crt')
const curl = async (...args: readonly string[]) => (await run(installed('curl', 'curl'), ['-sS', '--cacert', caFile(), ...args])).stdout
const on = async (alias: string, command: string) =>
  (await run(installed('ssh', 'openssh-client'), ['-F', sandbox().nodes.configFile, '-o', 'BatchMode=yes', alias, command])).stdout

test('each node serves the certificate of the Secret, as openssl and curl see it from the node itself', async () => {
  const served = async (alias: string, name: string) => {
    const command = `openssl s_client -connect 127.0.0.1:443 -servername ${name} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256`
    return (await on(alias, command)).trim().split('=')[1]
  }
  const origin = readFileSync(join(sandbox().dir, 'checkout/deploy-k3s/secrets/cloudflare-origin.crt'), 'utf8')
  const { fingerprint256 } = new X509Certificate(origin)
  const found = await Promise.all(nodes.flatMap(({ alias }) => publicNames.map((name) => served(alias, name))))
  expect(new Set(found)).toEqual(new Set([fingerprint256]))
  expect(await served('hetzner1', 'else.example')).not.toBe(fingerprint256)
  expect(await on('hetzner2', `curl -sk --resolve ${apiHost}:443:127.0.0.1 https://${apiHost}/api/health/`)).toContain('ok')
})

test('curl comes through the edge, by its address and by name', async () => {
  const { environment, urls } = sandbox()
  expect(await curl(`${urls.api}/api/health/`)).toContain('ok')
  expect(await curl('--connect-to', `::${environment.hostaddr['myhoneydue.com']}`, 'https://myhoneydue.com/')).toContain('honeyDue')
})

test('curl reads the published ranges, with and without the API', async () => {
  const { urls } = sandbox()
  const there = ['--connect-to', `::127.0.0.1:${new URL(urls.cloudflare).port}`]
  const v4 = await curl(...there, 'https://www.cloudflare.com/ips-v4')
  expect(v4.split('\n')).toHaveLength(15)
  expect((await curl(...there, 'https://www.cloudflare.com/ips-v6')).split('\n')).toHaveLength(7)
  const listed = JSON.parse(await curl(`${urls.cloudflare}/ips`)) as { readonly result: { readonly ipv4_cidrs: readonly string[] } }
  expect(listed.result.ipv4_cidrs).toEqual(v4.split('\n'))
})

test("the lines of a plan, run by sh, do at Cloudflare's API what the writer does", async () => {
  const { cloudflare, dir } = sandbox()
  const { say } = systems().cloudflare
  const at = `--cacert ${caFile()} --connect-to api.cloudflare.com:443:127.0.0.1:${cloudflare.port}`
  writeFileSync(join(dir, 'curl'), `#!/bin/sh\nexec /usr/bin/env PATH="$OLDPATH" curl ${at} "$@"\n`, { mode: 0o755 })
  const sh = ({ before, line }: Said) =>
    run('sh', ['-euc', [before ?? [], line].flat().join('\n')], {
      cwd: dir,
      env: { PATH: `${dir}:${process.env.PATH}`, OLDPATH: process.env.PATH, CLOUDFLARE_API_TOKEN: planted.cloudflareToken },
    })
  const addresses = () =>
    cloudflare.state.records
      .filter(({ name, type }) => name === apiHost && type === 'A')
      .map(({ content, proxied }) => `${content} ${proxied}`)
  const [{ address }] = nodes
  // A zone that was moved away keeps its name, and Cloudflare lists it first.
  cloudflare.state.otherZones = [{ ...cloudflare.state.zone, id: 'f'.repeat(32), status: 'moved' }]
  const record = { name: apiHost, type: 'A', address } as const
  await sh(say.removeAddress(record))
  expect(addresses()).toHaveLength(2)
  await sh(say.addAddress({ ...record, comment: "it's back" }))
  expect(addresses()).toContain(`${address} true`)
  expect(cloudflare.state.records.at(-1)?.comment).toBe("it's back")
  cloudflare.state.records = cloudflare.state.records.map((one) => ({ ...one, proxied: false }))
  await sh(say.proxyAddress(record))
  expect(addresses()).toContain(`${address} true`)
  await sh(say.purge({ urls: [`https://${apiHost}/a?b=1`] }))
  expect(cloudflare.state.purged).toEqual([{ kind: 'files', what: [`https://${apiHost}/a?b=1`] }])
  const csr = requestFor(zoneName, generateKeyPairSync('ec', { namedCurve: 'P-256' }))
  writeFileSync(join(dir, 'cloudflare-origin.csr'), csr)
  await sh(say.createOriginCertificate({ csr, names: [zoneName], days: 90, key: 'ec' }))
  const made = cloudflare.state.certificates.at(-1)
  expect(made?.listed.hostnames).toEqual([zoneName])
  await sh(say.revokeOriginCertificate({ id: made?.listed.id ?? '' }))
  expect(made?.revokedAt).toBeDefined()
})
