import { canonicalJson } from './template-hash.ts'

/** Whether two JSON values are equal, absent and null members alike. */
export const same = (a: unknown, b: unknown): boolean => a === b || canonicalJson(a) === canonicalJson(b)
