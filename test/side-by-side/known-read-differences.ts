/** Where what we answer to reads may differ from a stock server's answer, each with its reason. This list may only shrink. */
import type { KnownDifference } from './known-differences.ts'

export const knownReadDifferences: readonly KnownDifference[] = [
  { reason: 'descriptions are in words of our own', at: /columnDefinitions\[\d+\]\.description$/ },
  {
    reason: 'upstream answers 500 without a reason to a version that cannot be read; it is the client’s fault: 400',
    cases: /^(lists by version|watches)$/,
    stock: /500|^$/,
    ours: /400|"BadRequest"/,
  },
]
