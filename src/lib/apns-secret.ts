/** Where Apple's key is kept, as the book has it (secret-rotation.md). */
export const apnsSecret = 'honeydue-apns-key'
export const apnsKey = 'apns_auth_key.p8'
