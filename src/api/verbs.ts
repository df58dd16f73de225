import type { Verb } from '../schema/kind.ts'

/** The verbs of a resource that is stored. */
export const allVerbs: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
]
