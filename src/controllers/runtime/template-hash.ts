/** Names for pod templates: short, safe, and the same for the same template. */

/** Upstream's alphabet of safe characters: no vowels, no look-alikes. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

export const safeEncode = (text: string): string =>
  [...text].map(char => alphabet[char.charCodeAt(0) % alphabet.length]).join('')

/** A random suffix, as in generated names. */
export const randomSuffix = (random: () => number, length = 5): string =>
  Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')

/** FNV-1a, 32 bits. */
export function fnv32a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}

/** JSON with sorted keys, without absent values: equal for equal objects. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member
    const entries = Object.entries(member).filter(([, child]) => child !== undefined && child !== null)
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/** The hash of a template; `collisions` makes another one of the same template. */
export const templateHash = (template: unknown, collisions = 0): string =>
  safeEncode(String(fnv32a(canonicalJson(template) + (collisions === 0 ? '' : `#${collisions}`))))
