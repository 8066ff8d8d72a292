import type { CheckoutReader, TextFile } from '../../systems/checkout/types.ts'
import type { Readers } from '../../systems/systems.ts'

/** The folder of the manifests that 03-deploy.sh applies (ch14). */
export const manifestFolder = 'deploy-k3s/manifests'

/** Folders within folders that are looked into: nobody's manifests lie deeper. */
const deepest = 5

/** The manifests of the checkout, by their paths; [] where there is no such folder. */
export const manifestsOf = async ({ checkout }: Readers<'checkout'>): Promise<readonly TextFile[]> =>
  (await filesUnder(checkout, manifestFolder, deepest)).filter(({ name }) => /\.ya?ml$/.test(name))

const filesUnder = async (checkout: CheckoutReader, folder: string, depth: number): Promise<readonly TextFile[]> => {
  const found = await checkout.files(folder)
  const all = await Promise.all(
    found.map(async (one): Promise<readonly TextFile[]> => {
      const path = `${folder}/${one.name}`
      if (one.odd === 'folder') return depth === 0 ? [] : filesUnder(checkout, path, depth - 1)
      return one.odd ? [] : [{ ...one, name: path }]
    }),
  )
  return all.flat()
}
