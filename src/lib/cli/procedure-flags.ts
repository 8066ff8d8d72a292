import * as Flags from '@oclif/core/flags'

/** What every procedure takes beside its own choices: how far it goes, how it is confirmed, the lease, and how it tells. */
export const procedureFlags = {
  'dry-run': Flags.boolean({ summary: 'show the plan, and stop there', helpGroup: 'GLOBAL' }),
  details: Flags.boolean({ summary: 'show all that is known of each step of the plan', helpGroup: 'GLOBAL' }),
  'by-hand': Flags.boolean({
    summary: 'print the shell lines of the live plan, and stop there; where nothing answers, those of the page',
    helpGroup: 'GLOBAL',
  }),
  out: Flags.string({
    summary: 'keep the plan in this file for another pair of eyes, and stop there; run:apply performs it',
    helpGroup: 'GLOBAL',
  }),
  confirm: Flags.string({ summary: 'what would be typed to confirm; the plan says it', helpGroup: 'GLOBAL' }),
  wait: Flags.string({ summary: 'how long to wait for another operator to end (5m); without it, not at all', helpGroup: 'GLOBAL' }),
  'take-over': Flags.string({
    summary: 'take the lease from this operator, who has stopped renewing it; lock:status names them',
    helpGroup: 'GLOBAL',
  }),
  'without-lease': Flags.boolean({ summary: 'go on where no lease can be taken: nobody else is kept out', helpGroup: 'GLOBAL' }),
  notify: Flags.boolean({
    summary: 'tell by bell, terminal and webhook when it waits for somebody, and when it ends',
    helpGroup: 'GLOBAL',
  }),
  stream: Flags.boolean({
    summary: 'with --json (or --json=stream): each event of the run as a line, the document last',
    helpGroup: 'GLOBAL',
    dependsOn: ['json'],
  }),
  plan: Flags.string({ summary: 'go on only where the plan is still the one of this name; the plan says it', helpGroup: 'GLOBAL' }),
}
