/** Memory as redis-cli's INFO and `maxmemory` count it: "256 MB" are 256 × 1024². */
export const mebibytes = (bytes: number): string => {
  const all = bytes / 1024 ** 2
  // A limit of less than one is not "0 MB".
  return `${all < 10 ? Number(all.toFixed(1)) : Math.round(all)} MB`
}
