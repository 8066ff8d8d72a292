/** Clears the screen, goes up, sets the clipboard, rings, begins the line anew, writes from right to left; in C0, C1 and Unicode's own. */
export const hostile = '\u001b[9A\u001b[0J\u001b[45m\u001b]52;c;aGk=\u0007\u009b2J\u0085\u007f\r\u202eevil\u2066\u200f\ufeff\u200d'

/** Every sign that a terminal obeys or hides, of a text whose line breaks and colours are ours: none of ours is a magenta ground. */
export const rawControls = (text: string): readonly string[] => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
  const others = text.replace(/\u001b\[(?!45m)[\d;]*m/g, '').replaceAll('\n', '')
  return [...others]
    .filter((sign) => /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(sign))
    .map((sign) => `U+${sign.codePointAt(0)?.toString(16)}`)
}
