/** Everything in which this server differs from the reference, each with its reason. These lists may only shrink. */

/** Groups and versions that are not served yet. One that is served by now is compared all the same. */
export const notServedYet: Readonly<Record<string, string>> = {}

/** By document and path. */
export const differs: Readonly<Record<string, string>> = {}
