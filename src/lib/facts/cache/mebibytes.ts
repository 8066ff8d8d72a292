/** Memory as redis-cli's INFO and `maxmemory` count it: "256 MB" are 256 × 1024². */
export const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MB`
