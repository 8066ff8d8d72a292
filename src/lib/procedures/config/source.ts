import { environmentOf, type Setting, settingLine } from '../../environment-file.ts'
import { sources } from '../../facts/config/values.ts'
import type { Scalar } from '../../systems/checkout/types.ts'
import type { Readers } from '../../systems/systems.ts'

/** What the checkout says of a key before the ConfigMap is made from it again, and what is to be done there. */
export type Source = {
  /** A file names the key, or has its present value. */
  readonly names: boolean
  /** Lines of the YAML file that have the same value as the line that is changed in the other: either may be the one that counts. */
  readonly beside: readonly Scalar[]
} & (
  | { readonly does: 'nothing'; readonly file: string; readonly line: number }
  | { readonly does: 'sets a line'; readonly setting: Setting; readonly to: string }
  | { readonly does: 'sets a scalar'; readonly scalar: Scalar; readonly from: string }
  | { readonly does: 'adds a line'; readonly line: string }
  /** Only a human can know which place counts. */
  | { readonly does: 'asks'; readonly because: string }
)

/** Written without quotes it is read as this very text: no number, no truth value, nothing that ends or begins something. */
const isPlain = (value: string): boolean => /^[A-Za-z][\w@./-]*$/.test(value) && !/^(?:true|false|yes|no|on|off|null|y|n)$/i.test(value)

/** deploy/prod.env by the key's name; which key of config.yaml becomes which of the ConfigMap is not known: there the one place that has the present value. */
export const gatherSource = async (
  { checkout }: Readers<'checkout'>,
  { key, present, target }: { readonly key: string; readonly present: string | undefined; readonly target: string },
): Promise<Source> => {
  const [text, has, had] = await Promise.all([
    checkout.text(sources.environment),
    checkout.scalars(sources.yaml, target),
    present === undefined ? undefined : checkout.scalars(sources.yaml, present),
  ])
  const setting = environmentOf(text ?? '').get(key)
  const beside = present === target ? [] : (had ?? [])
  if (setting) {
    const to = settingLine(key, target, setting.said)
    const known = { names: true, beside: setting.value === target ? [] : beside }
    if (setting.value === target) return { ...known, does: 'nothing', file: sources.environment, line: setting.line }
    return to === undefined
      ? { ...known, does: 'asks', because: `${sources.environment}:${setting.line} sets it in a way that this value does not fit into` }
      : { ...known, does: 'sets a line', setting, to }
  }
  const [one, ...more] = beside
  if (more.length > 0)
    return {
      names: true,
      beside: [],
      does: 'asks',
      because: `${sources.yaml} has the present value in ${more.length + 1} places (lines ${beside.map(({ line }) => line).join(', ')})`,
    }
  if (one && present !== undefined)
    return isPlain(target)
      ? { names: true, beside: [], does: 'sets a scalar', scalar: one, from: present }
      : { names: true, beside: [], does: 'asks', because: `${sources.yaml}:${one.line} would read this value as another one` }
  const [same] = present === undefined ? [] : (has ?? [])
  if (same) return { names: true, beside: [], does: 'nothing', file: sources.yaml, line: same.line }
  const line = settingLine(key, target)
  if (text === undefined || line === undefined)
    return {
      names: false,
      beside: [],
      does: 'asks',
      because: text === undefined ? `There is no ${sources.environment} in the checkout` : 'This value does not fit into a line of it',
    }
  return { names: false, beside: [], does: 'adds a line', line }
}
