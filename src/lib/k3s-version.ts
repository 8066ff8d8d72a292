/** A release of k3s: the release of Kubernetes that it is made of, and k3s' own count of it. */
export interface K3sVersion {
  readonly text: string
  readonly major: number
  readonly minor: number
  readonly patch: number
  readonly build: number
}

const form = /^v(\d{1,3})\.(\d{1,3})\.(\d{1,3})\+k3s(\d{1,3})$/

/** `v1.34.6+k3s1`; undefined for anything else, a candidate for a release too. */
export const k3sVersionOf = (text: string): K3sVersion | undefined => {
  const [whole, ...numbers] = form.exec(text) ?? []
  if (whole === undefined) return undefined
  const [major = 0, minor = 0, patch = 0, build = 0] = numbers.map(Number)
  return { text, major, minor, patch, build }
}

/** Below zero where `one` is the older. */
export const compareK3s = (one: K3sVersion, other: K3sVersion): number =>
  one.major - other.major || one.minor - other.minor || one.patch - other.patch || one.build - other.build
