/** The answer to a question about the world. `hopeless`: waiting longer cannot make it true; `next`: what is to be typed instead. */
export type Finding =
  | { readonly ok: true }
  | { readonly ok: false; readonly because: string; readonly hopeless?: true; readonly next?: string }

/** One that does not hold. */
export type Failing = Extract<Finding, { readonly ok: false }>

export const holds: Finding = { ok: true }

/** States a fact ("hetzner2 has 2 GB free"), not a verdict; `next` is the command that cures it. */
export const fails = (because: string, next?: string): Failing => ({ ok: false, because, ...(next !== undefined && { next }) })

/** Like `fails`, where waiting longer cannot help ("its image does not exist"). */
export const hopeless = (because: string, next?: string): Failing => ({
  ok: false,
  because,
  hopeless: true,
  ...(next !== undefined && { next }),
})

/** True before anything else is asked: `when(pods.length === 3, '2 of 3 pods are ready')`. */
export const when = (condition: boolean, because: string, next?: string): Finding => (condition ? holds : fails(because, next))

/** All of them hold, or every reason why not, in one finding. */
export const every = (findings: readonly Finding[]): Finding => {
  const failed = findings.filter((finding) => !finding.ok)
  if (failed.length === 0) return holds
  const because = failed.map((finding) => finding.because).join('; ')
  const next = failed.find((finding) => finding.next !== undefined)?.next
  return failed.some((finding) => finding.hopeless) ? hopeless(because, next) : fails(because, next)
}

/** Why it does not hold, as a list; empty when it does. */
export const reasons = (finding: Finding): readonly string[] => (finding.ok ? [] : [finding.because])
