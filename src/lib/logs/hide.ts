import { masked } from '../masked.ts'

const dots = '••••'

/** Whether what stands under this name is a secret, by the same rule as in any text. */
const isSecretName = (name: string): boolean => masked(`${name}=aaaaaaaa`).includes(dots)

const beginsKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/
const endsKey = /-----END [A-Z ]*PRIVATE KEY-----/
/** What stands between them: base64, and the headers of an encrypted key. */
const ofKey = /^\s*(?:[A-Za-z0-9+/=]{1,100}|(?:Proc-Type|DEK-Info): .*)?\s*$/

/** Hides what is secret in the lines of one log: the values that are known, what has the look of one, and a private key over several lines. */
export const hider = (known: readonly string[]) => {
  const secretNames = new Map<string, boolean>()
  const isSecret = (name: string): boolean => {
    const said = secretNames.get(name)
    if (said !== undefined) return said
    const is = isSecretName(name)
    if (secretNames.size < 1000) secretNames.set(name, is)
    return is
  }
  return (text: string, name?: string): string => (name !== undefined && isSecret(name) ? dots : masked(text, known))
}

/** Follows the lines of one log; true for those within a private key, of which nothing is to be shown. */
export const privateKeyLines = () => {
  let within = false
  return (text: string): boolean => {
    if (within) {
      if (endsKey.test(text)) {
        within = false
        return true
      }
      within = ofKey.test(text)
      return within
    }
    within = beginsKey.test(text) && !endsKey.test(text)
    return false
  }
}
