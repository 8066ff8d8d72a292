import { type HandMade, handMade } from './hand-made.ts'

/** Google's documentation of the change to HTTP v1: the interface that took such keys has been shut down since 2024-07-22. */
const gone = 'Google has shut down what took such keys (2024-07-22), and nothing that is left says whether one is good'

/** What messages to Android are sent with: nobody can be asked whether it is let in. */
const key: HandMade<'kube'> = {
  find: async ({ database: { secret } }) => ({
    secret,
    key: 'FCM_SERVER_KEY',
    at: 'https://console.firebase.google.com (Project settings, Cloud Messaging)',
    by: 'fcm.googleapis.com',
  }),
  untried: () => gone,
  ask: async () => ({ is: 'put off', because: gone }),
}

export const fcmServerKey = handMade(key)
