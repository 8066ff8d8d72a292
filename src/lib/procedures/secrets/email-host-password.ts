import type { Login } from '../../systems/mail/types.ts'
import { type HandMade, handMade } from './hand-made.ts'
import type { Said } from './let-in.ts'

/** What the application logs in with at the server that it hands its mail to: tried by a login, without a message. */
const password: HandMade<'mail'> = {
  find: async ({ mail: { secret, passwordKey: key, host } }) => ({
    secret,
    key,
    at: host.endsWith('.fastmail.com') ? `${host} (Fastmail: an app password for SMTP)` : host,
    by: host,
  }),
  ask: async ({ mail }, _, value) => saidOf((await mail.submission(value)).login),
  shows: ({ mail }, file, wanted) => mail.letsIn(file, wanted),
}

const saidOf = (login: Login): Said => {
  switch (login.is) {
    case 'accepted':
      return { is: 'let in' }
    case 'refused':
      return { is: 'refused', because: `${login.code} ${login.words}` }
    case 'put off':
      return { is: 'put off', because: `${login.code} ${login.words}`, next: 'honeydue mail:status' }
    case 'not offered':
      return { is: 'put off', because: 'it offers no login with a password', next: 'honeydue mail:status' }
    case 'not tried':
      return { is: 'put off', because: login.because, next: 'honeydue config:explain' }
  }
}

export const emailHostPassword = handMade(password)
