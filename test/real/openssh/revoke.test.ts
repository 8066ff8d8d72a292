import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { nodesSystem } from '../../../src/lib/systems/nodes/nodes.ts'
import { file, newKey } from '../../contract/openssh/ask.ts'
import { type RealSsh, realSsh } from './server.ts'

let world: RealSsh
const alias = 'hetzner1'
const home = mkdtempSync(join(tmpdir(), 'real-revoke-'))
beforeAll(async () => {
  world = await realSsh()
})
afterAll(async () => {
  await world?.stop()
  rmSync(home, { recursive: true, force: true })
})

// sshd is asked what it reads, and reads what was written: only a real one can show that.
test.runIf(process.getuid?.() === 0)(
  'a key that is revoked is refused by sshd, and let in again once it is put back',
  async () => {
    const lost = newKey(world)
    const line = readFileSync(`${lost}.pub`, 'utf8').trim()
    const own = readFileSync(`${world.identityFile}.pub`, 'utf8').trim()
    mkdirSync(join(home, '.ssh'), { mode: 0o700 })
    const path = join(home, '.ssh/authorized_keys')
    const before = `# operators\r\nno-pty,environment="A=b c" ${line}\r\n${own}\r\ncert-authority ${line}\n# ${line}\n${line}`
    writeFileSync(path, before, { mode: 0o600 })
    const users = `root:x:0:0:root:${home}:/bin/bash\nsshd:x:65500:65534::/run/sshd:/usr/sbin/nologin\n`
    await world.serve(alias, [`AuthorizedKeysFile "${path}"`, 'PermitUserEnvironment yes'], {
      '/etc/passwd': file(world, users),
      '/etc/ssh/sshd_config': file(
        world,
        `HostKey ${join(world.dir, `host-${alias}`)}\nAuthorizedKeysFile %h/.ssh/authorized_keys .ssh/authorized_keys2\n`,
      ),
    })
    const nodes = nodesSystem({ configFile: world.configFile, clock: systemClock })
    try {
      const { files, beside } = await nodes.read.authorizedKeys(alias)
      expect(beside).toEqual([])
      expect(files.map((one) => [one.path, one.accounts, one.keys.map(({ authority, restricted }) => [authority, restricted])])).toEqual([
        [
          path,
          ['root'],
          [
            [false, true],
            [false, false],
            [true, true],
            [false, false],
          ],
        ],
      ])
      expect(await nodes.read.admits(alias, lost)).toBe(true)
      const [key] = files[0]?.keys ?? []
      const keys = { path, blobs: [key?.blob ?? ''], keptAs: 'authorized_keys.revoked-lost' }
      await nodes.write.removeKeys(alias, keys)
      expect(readFileSync(path, 'utf8')).toBe(`# operators\r\n${own}\r\n# ${line}\n`)
      expect(await nodes.read.admits(alias, lost)).toBe(false)
      expect(await nodes.read.admits(alias)).toBe(true)
      await nodes.write.putBackKeys(alias, keys)
      expect(readFileSync(path, 'utf8')).toBe(before)
      expect(await nodes.read.admits(alias, lost)).toBe(true)
    } finally {
      await nodes.close()
    }
  },
  60_000,
)
