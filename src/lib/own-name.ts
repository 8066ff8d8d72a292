/**
 * Whether a machine's own name is the one that the environment gives it: Kubernetes writes names in lower case, and a machine may add its domain.
 */
export const isOwnName = (hostname: string, expected: string): boolean => {
  const [own, wanted] = [hostname.toLowerCase(), expected.toLowerCase()]
  return own === wanted || own.split('.')[0] === wanted
}

const safe = /^[\w.-]+$/

/** Shell lines that end a script with `otherMachine` where the machine is not the expected one. */
export const provesName = (expected: string): string => {
  if (!safe.test(expected)) throw new Error(`"${expected}" is no hostname`)
  return `own=$(own_name | tr A-Z a-z); case $own in '${expected.toLowerCase()}'|'${expected.toLowerCase()}'.*) ;; *) exit ${otherMachine} ;; esac\n`
}

/** The exit status of a script that found itself on another machine. */
export const otherMachine = 78
