import type { System } from '../systems.ts'
import { readCheckout } from './read-checkout.ts'
import { proveCheckout, sayCheckout } from './say-checkout.ts'
import type { CheckoutProver, CheckoutReader, CheckoutWriter } from './types.ts'
import { writeCheckout } from './write-checkout.ts'

/** The files of a folder on this machine. `kubeconfigs`: for shell lines that take a value from the cluster. */
export const checkoutSystem = (
  folder: string,
  kubeconfigs: readonly string[] = [],
): System<CheckoutReader, CheckoutWriter, CheckoutProver> => {
  const read = readCheckout(folder)
  return {
    read,
    write: writeCheckout(folder, read),
    say: sayCheckout(folder, kubeconfigs),
    prove: proveCheckout(folder),
    close: async () => {},
  }
}
