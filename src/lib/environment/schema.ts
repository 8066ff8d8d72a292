import * as z from 'zod'

const path = z.string().min(1)
const host = z.string().regex(/^[A-Za-z0-9.-]+$/, 'is no host name')

/** One deployment with its addresses. Everything that the book states is built in; a file overrides any of it. */
export const environmentSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be lower-case letters, digits and hyphens'),
  kubeconfig: z.union([path.transform((one) => [one]), z.array(path).min(1)]).describe('tried in order; the first that exists is used'),
  namespace: z.string().min(1),
  nodes: z.array(z.strictObject({ alias: z.string().min(1), address: z.string().min(1), hostname: z.string().min(1) })).min(1),
  ssh: z.strictObject({ config: path.optional().describe('given to ssh as -F; without it, ssh reads its own files') }),
  checkout: path.describe('the API repository on this machine'),
  ca: path.optional().describe('PEM file of an authority to trust beside the usual ones'),
  database: z.strictObject({
    pooler: host,
    direct: host,
    port: z.int().min(1).max(65535),
    user: z.string().min(1),
    name: z.string().min(1),
    configMap: z.string().min(1),
    secret: z.string().min(1),
  }),
  redis: z.strictObject({
    deployment: z.string().min(1),
    port: z.int().min(1).max(65535),
    secret: z.string().min(1),
    passwordKey: z.string().min(1),
  }),
  health: z.url(),
  hostaddr: z
    .record(z.string().regex(/^[A-Za-z0-9.-]+(:\d+)?$/, 'is no host name, with or without a port'), z.string().min(1))
    .describe('where a name lives, as libpq knows it: the name is what TLS verifies'),
  warmup: z.strictObject({
    pattern: z.string().min(1).optional().describe('of the boot log line; its text is in no source, so there is no default'),
    pings: z.int().positive(),
  }),
  cloudflare: z.strictObject({
    zone: host,
    names: z.array(host).min(1).describe('what customers use; any other name that leads to a node is found at Cloudflare'),
    token_command: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('prints the API token; without it, the variable CLOUDFLARE_API_TOKEN'),
    origin_ca: path.optional().describe("PEM file with the Origin CA's roots; without it, those that Cloudflare publishes"),
  }),
})

export type Environment = Readonly<z.output<typeof environmentSchema>>
