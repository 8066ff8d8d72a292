import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { readCertificate } from '../certificates.ts'
import { childEnvironment } from '../child-environment.ts'
import { reasonOf } from '../errors.ts'
import { answer } from '../facts/answer.ts'
import { daysLeft, expiry } from '../facts/cert/days.ts'
import { bytes, milliseconds } from '../facts/nodes/quantities.ts'
import { sh } from '../shell.ts'
import type { NodesReader } from '../systems/nodes/types.ts'
import type { Check } from './doctor-check.ts'

const exec = promisify(execFile)

/** The first line that a program says of its version; undefined where it is not there. */
const versionOf = async (program: string, flag: string): Promise<string | undefined> => {
  const said = await answer(exec(program, [flag], { timeout: 5000, env: childEnvironment() }))
  return said.answered ? (said.value.stdout || said.value.stderr).trim().split('\n')[0] : undefined
}

/** What is started beside this program: without ssh no node is reached, without psql there is no db:psql. */
export const programs = async (): Promise<readonly Check[]> => {
  const [ssh, psql] = await Promise.all([versionOf('ssh', '-V'), versionOf('psql', '--version')])
  return [
    ssh === undefined
      ? { title: 'OpenSSH', ok: false, because: 'ssh is not in PATH', next: 'install openssh-client' }
      : { title: 'OpenSSH', ok: true, found: ssh },
    { title: 'psql', ok: true, found: psql ?? 'not here: db:psql and the shell lines about the database need it, nothing else does' },
  ]
}

/** A journal is small; a disk that has less left is full in a moment. */
const room = 50 * 1024 * 1024

/** Whether the journals can be written: without one no run begins. */
export const journal = async (folder: string): Promise<Check> => {
  const title = 'journal'
  let there = folder
  while (!existsSync(there) && there !== dirname(there)) there = dirname(there)
  try {
    accessSync(there, constants.W_OK)
  } catch (error) {
    return { title, ok: false, because: `${there} may not be written: ${reasonOf(error)}`, next: sh`ls -ld ${there}` }
  }
  const disk = await answer(statfs(there))
  if (!disk.answered) return { title, ok: true, found: folder }
  const free = disk.value.bavail * disk.value.bsize
  return free < room
    ? { title, ok: false, because: `${bytes(free)} are free at ${there}: no run begins without its journal`, next: sh`df -h ${there}` }
    : { title, ok: true, found: `${folder}, ${bytes(free)} free` }
}

/** An operator's own clock is for reading logs and for certificates: some seconds do no harm. */
const clockMs = 5000

/** This machine's clock beside the first node that tells its own. */
export const clock = async (aliases: readonly string[], nodes: NodesReader): Promise<readonly Check[]> => {
  const all = await Promise.all(aliases.map(async (alias) => ({ alias, facts: await answer(nodes.facts(alias)) })))
  const told = all.flatMap(({ alias, facts }) =>
    facts.answered && facts.value.clock.offsetMs !== undefined ? [{ alias, offset: facts.value.clock.offsetMs }] : [],
  )
  const [first] = told
  if (!first) return []
  const apart = milliseconds(Math.abs(first.offset))
  return [
    Math.abs(first.offset) > clockMs
      ? {
          title: 'clock',
          ok: false,
          because: `it is ${apart} ${first.offset > 0 ? 'behind' : 'ahead of'} ${first.alias}`,
          next: 'timedatectl',
        }
      : { title: 'clock', ok: true, found: `${apart} from ${first.alias}` },
  ]
}

/** k3s signs an administrator's certificate for a year: who renews it too late stands before a closed door at night. */
const fewDays = 30

export const kubeconfigDays = (path: string, certificate: string | undefined, now: Date): readonly Check[] => {
  const title = "kubeconfig's certificate"
  const facts = readCertificate(certificate)
  if (!facts) return []
  return [
    daysLeft(facts, now) <= fewDays
      ? {
          title,
          ok: false,
          because: `that of ${path} ${expiry(facts, now)}`,
          next: `copy /etc/rancher/k3s/k3s.yaml of a node to it anew: k3s renews its own when it starts`,
        }
      : { title, ok: true, found: `${daysLeft(facts, now)} days, until ${facts.notAfter.toISOString().slice(0, 10)}` },
  ]
}
