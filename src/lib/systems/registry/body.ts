import type { IncomingMessage } from 'node:http'
import { bodyOf } from '../answer-body.ts'

/** No list of tags is longer, and no manifest. */
const mostBytes = 4 * 1024 * 1024

/** An answer's text, with the registry's own bound. */
export const textOf = (response: IncomingMessage): Promise<string> => bodyOf(response, mostBytes)

/** Its head alone is of interest. */
export const ended = (response: IncomingMessage): IncomingMessage => response.on('error', () => {}).destroy()
