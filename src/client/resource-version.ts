/** Resource versions as numbers: orderable since Kubernetes 1.35 (KEP-5504). */

/** Negative, zero or positive as `a` is older than, equal to or newer than `b`. Throws on what is no number. */
export function compareResourceVersions(a: string, b: string): number {
  if (!/^\d+$/.test(a) || !/^\d+$/.test(b)) throw new Error(`resource version is not a number: ${a}, ${b}`)
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : a > b ? 1 : 0
}

/** Whether `seen` is at least as new as `wanted`. False while nothing was seen. */
export const hasReached = (seen: string, wanted: string): boolean =>
  seen !== '' && (wanted === '' || compareResourceVersions(seen, wanted) >= 0)
