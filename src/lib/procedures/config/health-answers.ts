import { when } from '../../plan/finding.ts'
import type { Proof } from '../../plan/procedure.ts'
import type { Readers } from '../../systems/systems.ts'

/** No answer is an answer here: the change may be the cure. */
export const healthy = (look: Readers<'http'>, url: string): Promise<boolean> =>
  look.http.get(url).then(
    ({ status }) => status === 200,
    () => false,
  )

export const healthAnswers = ({ url, answers }: { readonly url: string; readonly answers: boolean }): Proof<'http'> => ({
  title: 'The health endpoint answers',
  ...(!answers && { onlyAfterwards: true as const }),
  holds: async (look) => when(await healthy(look, url), `${url} does not answer 200`),
  shows: (prove) => prove.http.answers({ urls: [{ url, like: 'success' }] }),
})
