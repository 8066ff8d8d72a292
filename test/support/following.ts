import { afterAll, beforeAll } from 'vitest'

let following = false
/** What was not put back between tests that follow on each other. */
const owed = new Set<() => unknown>()

/** Within a `describe`: its tests follow on each other in one world, which is put back after the last of them alone; `instead`: by this, and by nothing that the tests owe. */
export const followOn = (instead?: () => unknown): void => {
  beforeAll(() => {
    following = true
  })
  afterAll(async () => {
    following = false
    if (instead) await instead()
    else for (const act of owed) await act()
    owed.clear()
  })
}

/** What puts a world back after a test, for `afterEach`. */
export const unlessFollowing = (act: () => unknown) => (): unknown => (following ? void owed.add(act) : act())
