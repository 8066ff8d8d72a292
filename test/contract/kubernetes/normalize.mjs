// Makes two answers comparable: what no two servers share becomes a placeholder; what a client can rely on stays.
const volatile = {
  uid: '<uid>',
  resourceVersion: '<rv>',
  creationTimestamp: '<time>',
  deletionTimestamp: '<time>',
  time: '<time>',
  lastTransitionTime: '<time>',
  lastUpdateTime: '<time>',
  lastHeartbeatTime: '<time>',
  startTime: '<time>',
  completionTime: '<time>',
  startedAt: '<time>',
  finishedAt: '<time>',
  renewTime: '<time>',
  acquireTime: '<time>',
  firstTimestamp: '<time>',
  lastTimestamp: '<time>',
  eventTime: '<time>',
  podIP: '<ip>',
  hostIP: '<ip>',
  clusterIP: '<ip>',
  ip: '<ip>',
  nodeName: '<node>',
  pid: '<pid>',
  continue: '<continue>',
  nodePort: '<port>',
  creationTimestamps: '<time>',
  audit_id: '<id>',
}
const always = new Set(['uid', 'creationTimestamp', 'resourceVersion'])
const rewrite = (text, namespace) =>
  text
    .replaceAll(namespace, '<namespace>')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>')
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
    .replace(/\b(?=[a-z0-9]*[0-9])[bcdf0-9gh-mp-tv-z]{8,10}(?=-[bcdfghj-np-tv-z2-9]{5}\b)/g, '<hash>')
    .replace(/<hash>-[bcdfghj-np-tv-z2-9]{5}\b/g, '<hash>-<suffix>')
    .replace(/(ResourceVersion in the precondition|ResourceVersion in record) \(\d+\)/g, '$1 (<rv>)')
    .replace(/(resource version: \d+, current:) \d+/g, '$1 <rv>')
    .replace(/^\d+(ms|s|m|h|d)$/, '<age>')
    .replace(/0x[0-9a-f]{6,}/g, '<pointer>')
    .replace(/X509SHA256=[0-9a-f]{64}/g, 'X509SHA256=<digest>')
// The server prints whole objects of its own language into some messages: only what surrounds them can be relied on.
const shorten = (text) => (text.length < 400 ? text : text.replace(/^(.*?Invalid value: |.{120}).*?(: [^:]{3,80})?$/s, '$1<object>$2'))

export function normalize(value, namespace, key = '') {
  if (value === null || value === undefined) return value
  if (key === 'continue' && value === '') return ''
  if (key in volatile && (typeof value === 'string' || typeof value === 'number') && (always.has(key) || value !== '')) return volatile[key]
  if (key === 'pod-template-hash' && typeof value === 'string') return '<hash>'
  if (key === 'clusterIPs' || key === 'podIPs' || key === 'hostIPs') return ['<ip>']
  if (typeof value === 'string') return shorten(rewrite(value, namespace))
  if (key === 'managedFields' && Array.isArray(value))
    value = [...value].sort((a, b) =>
      `${a.manager} ${a.operation} ${a.subresource}` < `${b.manager} ${b.operation} ${b.subresource}` ? -1 : 1,
    )
  if (Array.isArray(value)) return value.map((item) => normalize(item, namespace, ''))
  if (typeof value === 'object') {
    const out = {}
    for (const [k, v] of Object.entries(value)) if (v !== undefined) out[rewrite(k, namespace)] = normalize(v, namespace, k)
    return out
  }
  return value
}

/** The places where `now` is not what was recorded, as "path: recorded → now". Keys' order does not matter. */
export function differences(recorded, now, path = '') {
  if (Object.is(recorded, now)) return []
  if (
    typeof recorded !== typeof now ||
    recorded === null ||
    now === null ||
    typeof recorded !== 'object' ||
    Array.isArray(recorded) !== Array.isArray(now)
  )
    return [`${path}: ${short(recorded)} → ${short(now)}`]
  const out = []
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(now)])) {
    if (path === '' && key === 'request') continue
    out.push(...differences(recorded[key], now[key], `${path}.${key}`))
  }
  return out
}
const short = (value) => {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 360 ? `${text.slice(0, 357)}…` : text
}
