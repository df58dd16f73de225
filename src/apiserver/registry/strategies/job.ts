/** Jobs: a selector by the job's uid, unless the user manages it. */
import type { ObjectJson } from '../stored-object.ts'
import type { Strategy } from '../strategy.ts'
import { at, strategyOf, textAt } from './base.ts'

export const jobStrategy: Strategy = strategyOf({
  hasStatus: true,
  counted: true,
  defaultPropagation: 'Orphan',
  prepareForCreate(object) {
    object.status = {}
    if (at(object, 'spec', 'manualSelector') !== true) generateSelector(object)
  },
  subresources: {
    status: {
      prepareForUpdate(object, old) {
        object.spec = old.spec
      },
    },
  },
  fieldNames: ['status.successful'],
  selectableFields: object => ({ 'status.successful': textAt(object, 'status', 'succeeded') || '0' }),
})

function generateSelector(object: ObjectJson): void {
  const { uid, name } = object.metadata
  const spec = object.spec as Record<string, unknown>
  const template = (spec.template ?? {}) as { metadata?: { labels?: Record<string, string> } }
  const labels: Record<string, string> = {
    ...template.metadata?.labels,
    'controller-uid': uid,
    'batch.kubernetes.io/controller-uid': uid,
  }
  if (name) {
    labels['job-name'] = name
    labels['batch.kubernetes.io/job-name'] = name
  }
  // A default that upstream fills in once the job is read back, so that no manager owns these labels.
  if (Object.keys(object.metadata.labels ?? {}).length === 0) object.metadata.labels = { ...labels }
  const selector = (spec.selector ?? {}) as { matchLabels?: Record<string, string> }
  object.spec = {
    ...spec,
    template: { ...template, metadata: { ...template.metadata, labels } },
    selector: { ...selector, matchLabels: { ...selector.matchLabels, 'batch.kubernetes.io/controller-uid': uid } },
  }
}
