/** What `markVersion` calls a branch that is made now. */
export const markName = (version: bigint, now: Date): string => {
  const [day = '', time = ''] = now.toISOString().split('T')
  return `before-${day.replaceAll('-', '')}-${time.slice(0, 5).replace(':', '')}-v${version}`
}

/** The version that a branch's name says, where `markVersion` gave it. */
export const markedVersion = (name: string): bigint | undefined => {
  const version = /^before-\d{8}-\d{4}-v(\d+)$/.exec(name)?.[1]
  return version === undefined ? undefined : BigInt(version)
}
