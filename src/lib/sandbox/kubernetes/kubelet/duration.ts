/** Milliseconds of `200ms`, `3s`, `5m` or `1h`; a number alone is seconds. */
export const duration = (text: string): number => {
  const [, amount = '0', unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? []
  return Number(amount) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? 1000)
}
