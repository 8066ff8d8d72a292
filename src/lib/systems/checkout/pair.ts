import { readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { publicKeyOf, readCertificate } from '../../certificates.ts'
import { type Clock, type Duration, minutes, systemClock } from '../../clock.ts'
import { Failed, Moved } from '../../errors.ts'
import { pairFiles } from '../../pair-files.ts'
import { Secret } from '../../secret.ts'
import { createFile, replaceFile, syncFolder } from './replace-file.ts'
import type { CheckoutWriter } from './types.ts'

const secretMode = 0o600

/** Writers of a certificate and its key. Every file is for its owner alone, replaced in one piece, and on the disk before the next step. */
export const writePair = (
  folder: string,
  clock: Pick<Clock, 'now'> = systemClock,
): Pick<CheckoutWriter, 'keepNewKey' | 'placePair' | 'restorePair' | 'dropNewKey'> => {
  const text = (file: string): Promise<string | undefined> =>
    readFile(join(folder, file), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
  const put = (file: string, content: string) => replaceFile(join(folder, file), content, secretMode)
  const youngerThan = async (file: string, age: Duration): Promise<boolean> => {
    const found = await stat(join(folder, file)).catch(() => undefined)
    return found !== undefined && clock.now().getTime() - found.mtimeMs < age
  }
  const drop = async (...files: readonly string[]) => {
    for (const file of files) await rm(join(folder, file), { force: true })
    await syncFolder(join(folder, files[0] ?? ''))
  }
  const move = async (from: string, to: string) => {
    await rename(join(folder, from), join(folder, to))
    await syncFolder(join(folder, to))
  }

  return {
    keepNewKey: async ({ base, key, csr }) => {
      const files = pairFiles(base)
      if (!(await createFile(join(folder, files.newKey), key.reveal(), secretMode))) {
        const theirs = await text(files.newKey)
        // A run that was stopped between the two writes leaves a key without a request: nothing was signed for it, and its place is taken.
        if (theirs !== key.reveal() && ((await text(files.newRequest)) !== undefined || (await youngerThan(files.newKey, minutes(1)))))
          throw anotherRotation(files.newKey)
        await put(files.newKey, key.reveal())
      }
      await put(files.newRequest, csr)
    },
    placePair: async ({ base, certificate }) => {
      const files = pairFiles(base)
      const pem = await certificate.read()
      const wanted = readCertificate(pem)?.publicKey
      const [newKey, key, old] = await Promise.all([text(files.newKey), text(files.key), text(files.certificate)])
      const digest = (found: string | undefined) => publicKeyOf(found === undefined ? undefined : new Secret(found))
      // Stopped between the two renames, the key is in its place already.
      if (wanted === undefined || ![digest(newKey), digest(key)].includes(wanted)) {
        throw new Failed({
          code: 'certificate-key',
          failed: `The new certificate (${readCertificate(pem)?.id ?? 'none'} at Cloudflare) does not belong to the key in ${files.newKey}`,
          state: 'The pair in use was not touched.',
          cause: 'Cloudflare signed another request, or somebody replaced the key meanwhile',
          next: 'honeydue cert:status',
        })
      }
      if (digest(key) !== wanted) {
        if (old !== undefined) await put(files.oldCertificate, old)
        if (key !== undefined) await put(files.oldKey, key)
        await move(files.newKey, files.key)
      }
      await put(files.certificate, pem)
      await drop(files.newRequest, files.newKey)
    },
    restorePair: async ({ base }) => {
      const files = pairFiles(base)
      const [certificate, key] = await Promise.all([text(files.oldCertificate), text(files.oldKey)])
      if (certificate === undefined || key === undefined) return
      await put(files.key, key)
      await put(files.certificate, certificate)
      await drop(files.oldCertificate, files.oldKey)
    },
    dropNewKey: async ({ base }) => {
      const files = pairFiles(base)
      await drop(files.newKey, files.newRequest)
    },
  }
}

const anotherRotation = (file: string): Moved =>
  new Moved({
    code: 'rotation-begun',
    failed: `Another rotation has put its key at ${file}`,
    cause: 'Somebody else began one at the same moment; nothing was signed for this one',
    next: 'honeydue cert:rotate',
  })
