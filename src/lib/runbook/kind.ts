import { procedures } from '../procedures/index.ts'
import type { Page } from './page.ts'

/** Whether the page's command can change something, or only looks. */
export const kindOf = ({ command }: Pick<Page, 'command'>): 'changes' | 'looks' => (command in procedures ? 'changes' : 'looks')
