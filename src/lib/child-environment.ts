/** What is ours alone: tokens that no program which we start has any business with. */
const ours = ['CLOUDFLARE_API_TOKEN', 'NEON_API_KEY']

/** The environment of a program that we start. */
export const childEnvironment = (env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !ours.includes(name)))
