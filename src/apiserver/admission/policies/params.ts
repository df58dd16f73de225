/** Finds the parameter objects that a binding gives its policy. Errors are upstream's words without a prefix. */
import type { ParamKind, ParamRef } from '../../../api/admissionregistration/v1/match-resources.ts'
import { kindByName } from '../../../machinery/scheme.ts'
import { labelSelectorOf } from '../../../machinery/selectors/label-selector.ts'
import type { ObjectReader } from '../../registry/object-reader.ts'
import { metadataOf } from '../refusal.ts'

type Params = Record<string, unknown>

/** A policy or binding that cannot work; its failure policy decides what that means. */
export class ConfigurationError extends Error {}

/** One undefined where the policy takes none; empty where none were found and that is allowed. */
export async function paramsFor(
  paramKind: ParamKind | undefined,
  paramRef: ParamRef | undefined,
  namespace: string,
  reader: ObjectReader,
): Promise<readonly (Params | undefined)[]> {
  if (!paramKind || !paramRef) return [undefined]
  const kind = kindByName(paramKind.apiVersion ?? '', paramKind.kind ?? '')
  if (!kind?.resource)
    throw new ConfigurationError(`paramKind kind \`${paramKind.apiVersion}, Kind=${paramKind.kind}\` not known`)
  const { namespaced } = kind.resource
  if (!namespaced && paramRef.namespace)
    throw new ConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`')
  const where = namespaced ? paramRef.namespace || namespace : ''
  if (namespaced && where === '')
    throw new ConfigurationError(
      'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
    )
  const found = await find()
  if (found.length === 0 && (paramRef.parameterNotFoundAction ?? 'Deny') === 'Deny')
    throw new ConfigurationError('no params found for policy binding with `Deny` parameterNotFoundAction')
  return found.map(object => ({ ...object, apiVersion: kind.apiVersion, kind: kind.gvk.kind }))

  async function find(): Promise<Params[]> {
    if (!kind) return []
    if (paramRef?.name) {
      const object = (await reader.getFresh(kind, where, paramRef.name)) as Params | undefined
      return object ? [object] : []
    }
    const { selector } = paramRef ?? {}
    if (!selector) throw new ConfigurationError('one of name or selector must be provided')
    const all = (await reader.listWhenReady(kind, where)) as readonly Params[]
    return all.filter(object => labelSelectorOf(selector).matches(metadataOf(object).labels))
  }
}
