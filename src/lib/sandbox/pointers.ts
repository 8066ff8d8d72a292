/** The lines that point other programs at the sandbox of `dir`; the passwords stay in urls.json. */
export function pointersAt(dir: string): string {
  const quoted = /^[\w./+-]+$/.test(dir) ? dir : `'${dir.replaceAll("'", `'\\''`)}'`
  const url = (name: string) => `"$(node -p 'require(process.argv[1]).${name}' ${quoted}/urls.json)"`
  return [
    `honeydue   honeydue nodes:status --env ${quoted}/environment.yaml`,
    `kubectl    kubectl --kubeconfig ${quoted}/admin.kubeconfig get pods -A`,
    `ssh        ssh -F ${quoted}/ssh/config hetzner1`,
    `redis-cli  redis-cli -u ${url('redis')} ping`,
    `psql       psql ${url('postgresDirect')}`,
    `curl       curl --cacert ${quoted}/ca.crt ${url('api')}/api/health/`,
  ].join('\n')
}
