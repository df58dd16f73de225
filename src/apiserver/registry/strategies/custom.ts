/** Custom resources: what their version's subresources say. */
import type { CustomResourceDefinitionVersion } from '../../../api/apiextensions/v1/custom-resource-definition.ts'
import { compilePath } from '../../../machinery/custom/json-path.ts'
import { equalJson } from '../clone.ts'
import type { ObjectJson } from '../stored-object.ts'
import type { Strategy } from '../strategy.ts'
import { keepMetadata, keepPart, statusStrategy, strategyOf } from './base.ts'

/** What counts as a change of the specification: everything but metadata, and the status where it is written apart. */
function counted(object: ObjectJson, hasStatus: boolean): Record<string, unknown> {
  const { metadata: _metadata, status, ...rest } = object
  return hasStatus ? rest : { ...rest, status }
}

export function customStrategy({ subresources, selectableFields = [] }: CustomResourceDefinitionVersion): Strategy {
  const hasStatus = subresources?.status !== undefined
  const fields = selectableFields.map(({ jsonPath }) => ({ name: jsonPath.slice(1), find: compilePath(jsonPath) }))
  return strategyOf({
    unconditionalUpdate: false,
    createOnUpdate: false,
    fieldNames: fields.map(({ name }) => name),
    selectableFields: object =>
      Object.fromEntries(fields.map(({ name, find }) => [name, String(find(object)[0] ?? '')])),
    prepareForCreate(object) {
      if (hasStatus) delete object.status
      object.metadata.generation = 1
    },
    prepareForUpdate(object, old) {
      if (hasStatus) keepPart(object, old, 'status')
      const same = equalJson(counted(object, hasStatus), counted(old, hasStatus))
      object.metadata.generation = (old.metadata.generation ?? 0) + (same ? 0 : 1)
    },
    subresources: hasStatus
      ? {
          status: {
            prepareForUpdate(object, old, context) {
              statusStrategy.prepareForUpdate(object, old, context)
              keepMetadata(object, old, 'labels', 'annotations', 'finalizers', 'ownerReferences')
            },
          },
        }
      : {},
  })
}
