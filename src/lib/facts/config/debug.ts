/** The application's variable that shows what went wrong to whoever asked (ch10: false in production). */
export const debugKey = 'DEBUG'

/** As Go's strconv and others read it. */
export const isOn = (value: string | undefined): boolean => /^\s*(1|t|true|y|yes|on)\s*$/i.test(value ?? '')
