import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { rotate } from '../../src/lib/procedures/secrets/rotate.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import { everyScope } from '../../src/lib/sandbox/edge/api/access.ts'
import { contextOf } from '../support/context.ts'
import { cloudflareApiToken } from '../support/rotation.ts'
import { runOf } from '../support/run-of.ts'
import { useSystems } from '../support/systems-of.ts'
import { secondCloudflareToken, useSandbox } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox()
const { systems, close } = useSystems(sandbox)
const input = { name: 'CLOUDFLARE_API_TOKEN', soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const given = () => ({ ...input, from: join(sandbox().dir, 'new-cloudflare-token') })
const revoked = () => {
  secondCloudflareToken(sandbox())
  sandbox().cloudflare.state.tokens.delete(planted.cloudflareToken)
}
const file = (name: string) => join(sandbox().environment.checkout, 'deploy-k3s/secrets', `cloudflare_api_token.${name}`)

laws(rotate, wholeSubject({ sandbox, systems, close, observe: () => cloudflareApiToken(sandbox()) }), [
  { name: 'a token of Cloudflare, the old one deleted', input: given, arrange: revoked, meets: 'work', long: true },
  {
    name: 'a token of Cloudflare that is in use already',
    input: given,
    arrange: async () => {
      revoked()
      const prepared = await prepare(rotate, given(), systems(), contextOf(sandbox().environment))
      const { trouble } = await perform(prepared, runOf(systems(), rotate.needs))
      if (trouble) throw trouble
    },
    meets: 'nothing to do',
  },
  {
    name: 'a token, stopped once both values were on the disk',
    input: () => ({ ...input, from: undefined }),
    arrange: () => {
      revoked()
      writeFileSync(file('old'), planted.cloudflareToken, { mode: 0o600 })
      writeFileSync(file('new'), planted.nextCloudflareToken, { mode: 0o600 })
    },
    meets: 'work',
  },
  {
    name: 'a token that Cloudflare does not know',
    input: given,
    arrange: () => {
      revoked()
      sandbox().cloudflare.state.tokens.delete(planted.nextCloudflareToken)
    },
    refused: /api.cloudflare.com refuses the new CLOUDFLARE_API_TOKEN: the API token is not accepted/,
  },
  {
    name: 'a token that may not read what the procedures read',
    input: given,
    arrange: () => {
      secondCloudflareToken(
        sandbox(),
        everyScope.filter((scope) => !/^(dns|certificates):/.test(scope)),
      )
    },
    refused: /refuses the new CLOUDFLARE_API_TOKEN: it may not DNS – Read, SSL and Certificates – Read/,
  },
  {
    name: 'a third token, which somebody put there meanwhile',
    input: () => ({ ...input, from: undefined }),
    arrange: () => {
      secondCloudflareToken(sandbox())
      writeFileSync(file('old'), planted.cloudflareReadToken, { mode: 0o600 })
      writeFileSync(file('new'), planted.nextCloudflareToken, { mode: 0o600 })
    },
    refused: /the token of this machine is a third one/,
  },
])
