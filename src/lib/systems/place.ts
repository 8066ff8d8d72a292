/** Where to connect for a name: the name is what TLS verifies, the place is where it lives (libpq's hostaddr). */
export interface Place {
  readonly host: string
  readonly port: number
}

/** Looks a host up in `hostaddr`: under `host:port` first, then under the host alone; its value may leave the port out. */
export const placeOf = (host: string, port: number, hostaddr: Readonly<Record<string, string>> = {}): Place => {
  const value = hostaddr[`${host}:${port}`] ?? hostaddr[host] ?? host
  const [, address = value, own] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(value) ?? []
  return { host: address.replace(/^\[|\]$/g, ''), port: own === undefined ? port : Number(own) }
}
