const special = /[.*+?^${}()|[\]\\]/g

/** A Redis glob (`*`, `?`, `[a-c]`, `[^x]`, `\` quotes) as a test of whole binary strings. */
export const glob = (pattern: string): ((text: string) => boolean) => {
  let source = ''
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern.charAt(i)
    if (c === '*') {
      if (!source.endsWith('[^]*')) source += '[^]*'
    } else if (c === '?') source += '[^]'
    else if (c === '[') {
      const end = pattern.indexOf(']', i + 1)
      const body = pattern.slice(i + 1, end < 0 ? undefined : end)
      const negated = body.startsWith('^')
      source += `[${negated ? '^' : ''}${(negated ? body.slice(1) : body).replace(/[\\\]^]/g, '\\$&')}]`
      i = end < 0 ? pattern.length : end
    } else {
      if (c === '\\' && i + 1 < pattern.length) i++
      source += pattern.charAt(i).replace(special, '\\$&')
    }
  }
  try {
    const matcher = new RegExp(`^${source}$`)
    return (text) => matcher.test(text)
  } catch {
    return () => false
  }
}
