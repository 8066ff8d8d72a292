import { quoted } from './quoted.ts'

/** The lines that point other programs at the sandbox of `dir`; the passwords stay in urls.json. */
export function pointersAt(dir: string): string {
  const folder = /^[\w./+-]+$/.test(dir) ? dir : quoted(dir)
  const url = (name: string) => `"$(node -p 'require(process.argv[1]).${name}' ${folder}/urls.json)"`
  return [
    `honeydue   honeydue nodes:status --env ${folder}/environment.yaml`,
    `kubectl    kubectl --kubeconfig ${folder}/admin.kubeconfig get pods -A`,
    `ssh        ssh -F ${folder}/ssh/config hetzner1`,
    `redis-cli  redis-cli -u ${url('redis')} ping`,
    `psql       psql ${url('postgresDirect')}`,
    `curl       curl --cacert ${folder}/ca.crt ${url('api')}/api/health/`,
  ].join('\n')
}
