/** What reader and writer of bbolt's file agree on: https://github.com/etcd-io/bbolt */

export const pageHeaderBytes = 16
export const elementBytes = 16
export const PageFlag = { branch: 1, leaf: 2 } as const
/** Of an entry of a leaf whose value is a tree. */
export const bucketFlag = 1
export const boltMagic = 0xed0cdaed
export const boltVersion = 2

export interface Entry {
  readonly key: Buffer
  readonly value: Buffer
}

export function fnv64a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn
  return hash
}
