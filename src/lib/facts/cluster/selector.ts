import type { LabelSelector } from '../../kube-objects.ts'

type Labels = Readonly<Record<string, string>>

/** Whether labels fit a selector, as the API reads it: every pair, and every expression. */
export const fits = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean =>
  Object.entries(matchLabels).every(([name, value]) => labels[name] === value) &&
  matchExpressions.every(({ key, operator, values = [] }) => {
    const has = labels[key]
    switch (operator) {
      case 'In':
        return has !== undefined && values.includes(has)
      case 'NotIn':
        return has === undefined || !values.includes(has)
      case 'Exists':
        return has !== undefined
      case 'DoesNotExist':
        return has === undefined
      default:
        // Gt, Lt and what is new: whether it fits is then the server's to say.
        return true
    }
  })
