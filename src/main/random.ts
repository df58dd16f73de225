import { randomBytes } from 'node:crypto'

/** Uniform in [0, 1). */
export const random = (): number => randomBytes(6).readUIntBE(0, 6) / 2 ** 48
