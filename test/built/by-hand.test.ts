import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { honeydue, requireBuild } from '../support/program.ts'
import { useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox({ postgres: false })
beforeAll(requireBuild)

const restore = (...words: readonly string[]) => honeydue(['cluster:restore', ...words, '--env', join(sandbox().dir, 'environment.yaml')])

test('--by-hand prints the live lines; where nothing answers those of the page, and exit 9 says that nothing did', async () => {
  for (const alias of ['hetzner2', 'hetzner3']) await sandbox().nodes.setUp(alias, false)
  const live = await restore('--by-hand')
  expect([live.code, live.stderr]).toEqual([0, ''])
  expect(live.stdout).toMatch(
    /# .*hetzner1.* --cluster-reset-restore-path=\/var\/lib\/rancher\/k3s\/server\/db\/snapshots\/etcd-snapshot-ubuntu-8gb-nbg1-2-\d+/,
  )
  await sandbox().nodes.setUp('hetzner1', false)
  const page = await restore('--by-hand')
  expect(page.code).toBe(9)
  expect(page.stdout).toMatch(/^# Nothing answers, so these are the lines of the page: honeydue runbook:show cluster:restore\n/)
  expect(page.stdout).toContain("SNAPSHOT='…'")
  expect(page.stdout).toContain('k3s server --cluster-reset')
  expect(page.stdout.match(/^BY_HAND$/gm)).toHaveLength(2)
  expect(page.stderr).toContain('hetzner1')
  // Without it nothing of the page is printed.
  const asked = await restore('--dry-run')
  expect([asked.code, asked.stdout]).toEqual([9, ''])
})
