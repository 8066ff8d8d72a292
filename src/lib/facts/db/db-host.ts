/** The application's variable that names its database host (ch10). */
export const hostKey = 'DB_HOST'
