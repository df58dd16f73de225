/** metav1.Time and metav1.MicroTime from milliseconds since the epoch, and back. */

/** RFC 3339 with whole seconds, as metav1.Time. */
export const timeOf = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 19)}Z`

/** RFC 3339 with six decimals, as metav1.MicroTime. */
export const microTimeOf = (epochMs: number): string => new Date(epochMs).toISOString().replace('Z', '000Z')

/** Milliseconds since the epoch; 0 where there is no time. */
export const epochMsOf = (time: string | null | undefined): number => (time ? Date.parse(time) : 0)
