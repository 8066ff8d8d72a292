/** A time as the API writes it; undefined where there is none, or what stands there is none. */
export const timeIn = (text: string | undefined): Date | undefined => {
  const at = new Date(text ?? Number.NaN)
  return Number.isNaN(at.getTime()) ? undefined : at
}
