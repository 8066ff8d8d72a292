/** The same numbers each time: a failure comes again. */
const randomly = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}

const planted = 'pwned'

/** What each shell or program would take for more than text; `pwned` is a program that leaves a mark when it runs. */
export const pieces: readonly string[] = [
  `$(${planted})`,
  `\`${planted}\``,
  `; ${planted} ;`,
  `| ${planted}`,
  `& ${planted} &`,
  `\n${planted}\n`,
  `' ${planted} '`,
  `" ${planted} "`,
  `'; ${planted}; '`,
  `"; ${planted}; "`,
  `\\'; ${planted}; #`,
  `\\\n${planted}`,
  `) ${planted} (`,
  `$(( a[$(${planted})] ))`,
  `\${IFS}${planted}`,
  `<(${planted})`,
  `> ${planted}.txt`,
  `(${planted})`,
  "'",
  '"',
  '`',
  '\\',
  '\\\\',
  "\\'",
  '$',
  '$$',
  '$HOME',
  '${PATH}',
  '!',
  '!!',
  '!-1',
  '^a^b',
  '~',
  '~root',
  '*',
  '?',
  '[a-z]',
  '{a,b}',
  '=ls',
  '#',
  ' # ',
  '%',
  '%s',
  '%n',
  '\\n',
  '\\x41',
  '\\041',
  '-',
  '--',
  '-n',
  '-e',
  '--help',
  ' ',
  '  ',
  '\t',
  '\r',
  '\u0001',
  '\u001b[2J',
  '\u0007',
  '\u007f',
  '\u0080',
  '\u009b',
  'ÿ',
  'é',
  '¥',
  '€',
  '日本',
  '😀',
  '\u202e',
  '\u200b',
  '\u2028',
  '\ufeff',
  'a',
  'honeydue',
  '10.0.0.0/8',
  'x=1',
  '&&',
  '||',
  ';;',
  '<<EOF',
  'EOF',
  '\u00a0',
]

/** Words of such pieces; none ends with a line break or has a zero byte, which no shell can hold. */
export const hostileWords = (count: number, seed = 17): readonly string[] => {
  const random = randomly(seed)
  const any = () => pieces[Math.floor(random() * pieces.length)] ?? ''
  const alone = pieces.map((piece) => piece.replace(/\n+$/, ''))
  const made = Array.from({ length: count }, () =>
    Array.from({ length: 1 + Math.floor(random() * 5) }, any)
      .join('')
      .replace(/\n+$/, ''),
  )
  return [...alone, ...made].slice(0, count)
}
