/** Conflicts of an apply, as kubectl shows them (upstream: managedfields/internal/conflict.go). */
import { ApiError } from '../api-error.ts'
import type { Entry } from './entries.ts'
import { type FieldSet, pathsOf } from './field-set.ts'
import { showPath } from './path-element.ts'

export interface Conflict {
  readonly owner: Entry
  readonly fields: FieldSet
}

/** `"manager" with subresource "status" using v1`; the version is named for updates alone. */
function showOwner({ manager, operation, apiVersion, subresource }: Entry): string {
  const name = JSON.stringify(manager ?? '')
  const through = subresource ? `${name} with subresource ${JSON.stringify(subresource)}` : name
  return operation === 'Update' ? `${through} using ${apiVersion}` : through
}

/** 409 Conflict with a cause for each field. */
export function applyConflictError(conflicts: readonly Conflict[]): ApiError {
  const owners = conflicts
    .map(({ owner, fields }) => ({ name: showOwner(owner), paths: [...pathsOf(fields)].map(showPath) }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const causes = owners.flatMap(({ name, paths }) =>
    paths.map(field => ({ reason: 'FieldManagerConflict', message: `conflict with ${name}`, field })),
  )
  const message =
    causes.length === 1
      ? `Apply failed with 1 conflict: ${causes[0]!.message}: ${causes[0]!.field}`
      : `Apply failed with ${causes.length} conflicts: ${owners
          .map(({ name, paths }) => [`conflicts with ${name}:`, ...paths.map(path => `- ${path}`)].join('\n'))
          .join('\n')}`
  return new ApiError(409, 'Conflict', message, { causes })
}
