import { expect, test } from 'vitest'
import { imageNamed } from '../../../src/lib/facts/db/gather-migrations.ts'

const live = 'gitea.example.com:3000/admin/api:c9ac273'

test.each([
  [undefined, live, live],
  ['cccc001', live, 'gitea.example.com:3000/admin/api:cccc001'],
  ['v1.2-rc', `${live}@sha256:${'a'.repeat(64)}`, 'gitea.example.com:3000/admin/api:v1.2-rc'],
  ['cccc001', 'localhost:5000/api', 'localhost:5000/api:cccc001'],
  ['other/api:1', live, 'other/api:1'],
  ['localhost:5000/api:1', live, 'localhost:5000/api:1'],
])('whose migrations %s means', (asked, of, image) => {
  expect(imageNamed(asked, of)).toBe(image)
})
