/** The files that a node's commands answer from. */
interface State {
  read(file: string): string
  write(file: string, content: string): void
}

/** What apt says of a package of Ubuntu 24.04 that it would bring to another version. */
export const inst = (name: string, from: string | undefined, to: string, pockets: readonly string[]): string =>
  `Inst ${name}${from === undefined ? '' : ` [${from}]`} (${to} ${pockets.map((pocket) => `Ubuntu:24.04/noble-${pocket}`).join(', ')} [amd64])`

const security = ['updates', 'security']

/** A kernel is new, and asks for a boot. */
export const pendingKernel = inst('linux-image-6.8.0-88-generic', undefined, '6.8.0-88.89', security)
export const pendingOpenssl = inst('openssl', '3.0.13-0ubuntu3.5', '3.0.13-0ubuntu3.6', security)
export const pendingOthers = [
  inst('curl', '8.5.0-2ubuntu10.5', '8.5.0-2ubuntu10.6', ['updates']),
  inst('tzdata', '2025a-0ubuntu0.24.04', '2025b-0ubuntu0.24.04', ['updates']),
]

/** apt has these pending, and keeps one back. */
export const pendingUpdates = (state: State, lines: readonly string[] = [pendingOthers.join('\n'), pendingOpenssl, pendingKernel]): void =>
  state.write('updates', `The following packages have been kept back:\n  snapd\n${lines.join('\n')}\n`)

/** Some process holds dpkg's lock. `inode`: of the file lock-frontend. */
export const heldBy = (inode: number, pid: number): string => `1: POSIX  ADVISORY  WRITE ${pid} fe:00:${inode} 0 EOF\n`
