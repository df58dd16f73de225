/** What a fuzzer draws, all of it from one seeded source. */
import type { Random } from '../../src/schema/testing/random-object.ts'

export type { Random }

export const below = (random: Random, end: number): number => Math.floor(random() * end)

export const pick = <T>(random: Random, from: readonly T[]): T => from[below(random, from.length)] as T

export const happens = (random: Random, share: number): boolean => random() < share

/** Between `least` and `most` of what `make` gives. */
export const some = <T>(random: Random, least: number, most: number, make: () => T): T[] =>
  Array.from({ length: least + below(random, most - least + 1) }, make)
