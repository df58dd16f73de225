/** Tells whether a running container is still the one that the spec asks for: only a new image restarts it. */
import type { Container } from '../../api/core/v1/container.ts'

/** FNV-1a, 32 bits, in hexadecimal. */
export function fnv32(text: string): string {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash.toString(16)
}

export const containerHash = (container: Pick<Container, 'name' | 'image'>): string =>
  fnv32(JSON.stringify({ name: container.name, image: container.image }))
