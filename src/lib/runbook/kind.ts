import { procedures } from '../procedures/index.ts'
import type { Page } from './page.ts'

/** Commands that are no procedures, and change something all the same. */
const others: readonly string[] = ['lock:release', 'run:apply', 'run:undo']

/** Whether the page's command can change something, or only looks. */
export const kindOf = ({ command }: Pick<Page, 'command'>): 'changes' | 'looks' =>
  command in procedures || others.includes(command) ? 'changes' : 'looks'
