import { execFile } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { networkPrograms } from '../../../src/lib/sandbox/nodes/network-programs.ts'

/** A port of this machine that accepts and says nothing. */
const silent = async (): Promise<number> => {
  const server = createServer((socket) => void socket.on('error', () => {}))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** What the stand-in for curl says of one URL: its number, curl's exit code, the status. */
const asked = (port: number): Promise<string> =>
  new Promise((resolve) => {
    const words = ['-m', '1', '-w', '%{urlnum} %{exitcode} %{http_code} %{time_total}\\n', '--connect-to', `::127.0.0.1:${port}`]
    execFile('/bin/sh', ['-c', networkPrograms['curl'] ?? '', 'curl', ...words, 'https://api.example/'], (_, stdout) => resolve(stdout))
  })

test('the stand-in for curl gives up at its limit, with the exit code of curl', async () => {
  expect(await asked(await silent())).toMatch(/^0 28 000 [01]\.\d+$/m)
}, 20_000)

test('and says that nobody listens', async () => {
  expect(await asked(1)).toMatch(/^0 7 000 /m)
}, 20_000)
