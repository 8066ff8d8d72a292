/** Asks again until it is so, for what passes by itself: reloads, rollouts. Fails after 10 s. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; !(await holds()); ) {
    if (Date.now() > end) throw new Error('it did not come to be so')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
