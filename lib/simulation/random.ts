/**
 * A uniform number in [0, 1) that depends on its arguments alone: each is mixed in with the 32-bit finalizer of
 * MurmurHash3 (https://github.com/aappleby/smhasher/wiki/MurmurHash3), so that neighbours are independent.
 * @param seed an integer; so are `keys`, of any size
 */
export function uniform (seed: number, ...keys: number[]): number {
  let hash = mix(seed | 0)
  for (const key of keys) hash = mix(hash ^ mix((key | 0) + 0x9e3779b9) ^ Math.floor(key / 0x1_0000_0000))
  return (hash >>> 0) / 0x1_0000_0000
}

/** A standard normal number that depends on its arguments alone (Box-Muller). */
export function normal (seed: number, ...keys: number[]): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform(seed, ...keys, 0)))
  return radius * Math.cos(2 * Math.PI * uniform(seed, ...keys, 1))
}

function mix (value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
