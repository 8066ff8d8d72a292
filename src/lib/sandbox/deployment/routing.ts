import { publishedRanges } from '../edge/ranges.ts'
import type { KubeObject } from '../kubernetes/types.ts'
import { apiHost, bornAt, namespace } from './facts.ts'

/** Ingresses by host name and Traefik's middlewares as chapter 20 lists them at 2026-04-24. */
export function routingObjects(): KubeObject[] {
  return [
    ingress('api', [apiHost], 8000),
    ingress('admin', ['admin.myhoneydue.com'], 3000),
    ingress('web', ['myhoneydue.com', 'app.myhoneydue.com'], 3000),
    middleware('security-headers', { headers: { frameDeny: true, contentTypeNosniff: true } }),
    middleware('rate-limit', { rateLimit: { average: 100, burst: 200 } }),
    middleware('cloudflare-only', { ipAllowList: { sourceRange: [...publishedRanges.ipv4, ...publishedRanges.ipv6] } }),
    middleware('admin-auth', { basicAuth: { secret: 'admin-basic-auth' } }),
  ]
}

function ingress(name: string, hosts: readonly string[], port: number): KubeObject {
  const middlewares = ['security-headers', 'rate-limit'].map((one) => `${namespace}-${one}@kubernetescrd`).join(',')
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name,
      namespace,
      creationTimestamp: bornAt,
      annotations: { 'traefik.ingress.kubernetes.io/router.middlewares': middlewares },
    },
    spec: {
      ingressClassName: 'traefik',
      tls: [{ hosts, secretName: 'cloudflare-origin-cert' }],
      rules: hosts.map((host) => ({
        host,
        http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name, port: { number: port } } } }] },
      })),
    },
  }
}

function middleware(name: string, spec: Readonly<Record<string, unknown>>): KubeObject {
  return { apiVersion: 'traefik.io/v1alpha1', kind: 'Middleware', metadata: { name, namespace, creationTimestamp: bornAt }, spec }
}
