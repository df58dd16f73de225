/** Namespaces: Active until deleted, then Terminating until their spec.finalizers are empty. */
import type { ObjectJson } from '../stored-object.ts'
import type { Strategy } from '../strategy.ts'
import { at, keepPart, strategyOf, textAt } from './base.ts'

const finalizersOf = (object: ObjectJson): string[] => {
  const finalizers = at(object, 'spec', 'finalizers')
  return Array.isArray(finalizers) ? (finalizers as string[]) : []
}

export const namespaceStrategy: Strategy = strategyOf({
  hasStatus: true,
  unconditionalUpdate: true,
  prepareForCreate(object) {
    object.status = { phase: 'Active' }
    const spec = { ...(object.spec as object | undefined) }
    const finalizers = finalizersOf(object)
    object.spec = {
      ...spec,
      finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'],
    }
    nameLabel(object)
  },
  prepareForUpdate(object, old) {
    object.spec = { ...(object.spec as object | undefined), finalizers: finalizersOf(old) }
    if (finalizersOf(old).length === 0) object.spec = old.spec
    keepPart(object, old, 'status')
    nameLabel(object)
  },
  subresources: {
    status: {
      prepareForUpdate(object, old) {
        object.spec = old.spec
      },
    },
    finalize: {
      prepareForUpdate(object, old) {
        keepPart(object, old, 'status')
      },
    },
  },
  keepsTerminating: object => finalizersOf(object).length > 0,
  beginTermination(object) {
    object.status = { ...(object.status as object | undefined), phase: 'Terminating' }
  },
  fieldNames: ['status.phase'],
  selectableFields: object => ({ 'status.phase': textAt(object, 'status', 'phase') }),
})

/** KEP-2161: every namespace carries its name as a label. */
function nameLabel(object: ObjectJson): void {
  const { metadata } = object
  if (metadata.name) metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name }
}
