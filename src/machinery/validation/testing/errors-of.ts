/** For the tests of the rules: objects as the server has them when it validates. */
import assert from 'node:assert/strict'
import { applyDefaults } from '../../defaulting.ts'
import { kindByName } from '../../scheme.ts'
import { validateObject } from '../validate.ts'

type Values = Record<string, unknown>

export const testMeta = { name: 'x', namespace: 'default' }

function completed(object: Values): { kind: NonNullable<ReturnType<typeof kindByName>>; value: Values } {
  const kind = kindByName(String(object.apiVersion), String(object.kind))
  assert.ok(kind, `${object.apiVersion} ${object.kind} is declared`)
  const value = structuredClone(object)
  const { namespace, ...rest } = { ...testMeta, ...(value.metadata as object) }
  value.metadata = kind.resource?.namespaced ? { ...rest, namespace } : rest
  applyDefaults(kind, value)
  return { kind, value }
}

/** The errors of an object with its defaults, each as `field: message`. */
export function errorsOf(object: Values, old?: Values, subresource = ''): string[] {
  const { kind, value } = completed(object)
  const before = old === undefined ? undefined : completed(old).value
  return validateObject(kind, value, before, subresource).map(error => `${error.field}: ${error.message}`)
}
