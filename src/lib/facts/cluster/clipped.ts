/** One line of at most so many characters: what is left out stands in the middle, because causes stand at the end of what Kubernetes says. */
export const clipped = (text: string, most: number): string => {
  const line = [...text.replace(/\s+/g, ' ').trim()]
  if (line.length <= most) return line.join('')
  const head = Math.floor((most - 1) / 3)
  return `${line.slice(0, head).join('').trimEnd()}…${line
    .slice(line.length - (most - 1 - head))
    .join('')
    .trimStart()}`
}
