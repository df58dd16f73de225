/**
 * Upstream keeps what all versions of a definition have in common beside them, as its first API had it, and names faults
 * by where it keeps it: what it calls `spec.validation` is `spec.versions[*].schema` to the client.
 */
import type {
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '../../../api/apiextensions/v1/custom-resource-definition.ts'
import { isSame } from '../checks.ts'

export type Parts = Pick<
  CustomResourceDefinitionVersion,
  'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields'
>

const partNames = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const

export interface SplitSpec {
  readonly common: Parts
  /** Without what they have in common. */
  readonly versions: readonly CustomResourceDefinitionVersion[]
}

export function splitSpec(spec: CustomResourceDefinitionSpec): SplitSpec {
  const versions = spec.versions ?? []
  const first = versions[0]
  if (!first) return { common: {}, versions }
  const names = partNames.filter(name => versions.every(version => isSame(version[name], first[name])))
  const common = Object.fromEntries(names.map(name => [name, first[name]])) as Parts
  const without = versions.map(version => {
    const rest = { ...version }
    for (const name of names) delete rest[name]
    return rest
  })
  return { common, versions: without }
}
