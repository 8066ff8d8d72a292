import type { FirewallRule, SourceRule } from './firewall-rule.ts'
import { type ShellLine, sh, words } from './shell.ts'

/** Lets a range in at one port, or sets the comment of the rule that does. Typed on the node, as root. */
export const allowLine = ({ source, port, protocol, comment }: SourceRule & { readonly comment: string }): ShellLine =>
  sh`ufw allow from ${source} to any port ${port} proto ${protocol} comment ${comment}`

/** As `ufw show added` prints a rule: a word with blanks, an application's name, stands in quotes. */
const wordsOf = (spec: string): readonly string[] => (spec.match(/'[^']*'|\S+/g) ?? []).map((one) => one.replace(/^'(.*)'$/, '$1'))

/** Deletes a rule by its words. Typed on the node, as root. */
export const deleteLine = ({ spec }: Pick<FirewallRule, 'spec'>): ShellLine => sh`ufw delete ${words(wordsOf(spec))}`
