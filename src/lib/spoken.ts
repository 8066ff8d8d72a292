import { type Duration, minutes, seconds } from './clock.ts'

/** A time that somebody chose, as it is said: "10 min", "90 s". */
export const spoken = (time: Duration): string => (time % minutes(1) === 0 ? `${time / minutes(1)} min` : `${time / seconds(1)} s`)
