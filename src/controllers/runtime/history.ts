/** ControllerRevisions: the templates that a StatefulSet or DaemonSet had (upstream's controller/history). */
import { ControllerRevision } from '../../api/apps/v1/controller-revision.ts'
import type { PodTemplateSpec } from '../../api/core/v1/pod-spec.ts'
import type { Kind } from '../../schema/kind.ts'
import { type Action, create, remove, update } from './action.ts'
import { controllerReference, type Owned } from './owners.ts'
import { canonicalJson, templateHash } from './template-hash.ts'

export const revisionLabel = 'controller-revision-hash'

/** What `kubectl rollout undo` patches back. With its keys in upstream's order: clients compare the bytes. */
export const dataOf = (template: PodTemplateSpec): Record<string, unknown> =>
  JSON.parse(canonicalJson({ spec: { template: { ...template, $patch: 'replace' } } }))

export function templateOf(revision: ControllerRevision): PodTemplateSpec {
  const { $patch: _, ...template } = (revision.data as { spec: { template: PodTemplateSpec & { $patch?: string } } })
    .spec.template
  return template
}

export interface History {
  /** Of the present template. */
  readonly current: { readonly name: string; readonly hash: string }
  readonly actions: readonly Action[]
}

export const byRevision = (a: ControllerRevision, b: ControllerRevision): number =>
  a.revision - b.revision || (a.metadata.name < b.metadata.name ? -1 : 1)

/** The revision of the present template: a new one, or an old one that becomes the newest again. */
export function historyOf(
  kind: Kind,
  owner: Owned & { readonly metadata: { readonly annotations?: Record<string, string> } },
  template: PodTemplateSpec,
  revisions: readonly ControllerRevision[],
  collisions: number,
): History {
  const wanted = canonicalJson(template)
  const newest = Math.max(0, ...revisions.map(({ revision }) => revision))
  const same = revisions.toSorted(byRevision).findLast(revision => canonicalJson(templateOf(revision)) === wanted)
  if (same) {
    const hash = same.metadata.labels?.[revisionLabel] ?? same.metadata.name
    const actions = same.revision === newest ? [] : [update(ControllerRevision, { ...same, revision: newest + 1 })]
    return { current: { name: same.metadata.name, hash }, actions }
  }
  const hash = templateHash(template, collisions)
  const name = `${owner.metadata.name}-${hash}`
  const namespace = owner.metadata.namespace ?? ''
  const annotations = owner.metadata.annotations
  const object = {
    metadata: {
      name,
      namespace,
      labels: { ...template.metadata.labels, [revisionLabel]: hash },
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [controllerReference(kind, owner)],
    },
    data: dataOf(template),
    revision: newest + 1,
  }
  return { current: { name, hash }, actions: [create(ControllerRevision, namespace, object)] }
}

/** Deletes revisions that nothing uses beyond the limit, the oldest first. */
export function surplusRevisions(
  revisions: readonly ControllerRevision[],
  used: ReadonlySet<string>,
  limit: number,
): Action[] {
  const unused = revisions.filter(
    ({ metadata }) => !used.has(metadata.name) && !used.has(metadata.labels?.[revisionLabel] ?? ''),
  )
  return unused
    .toSorted(byRevision)
    .slice(0, Math.max(0, unused.length - limit))
    .map(revision => remove(ControllerRevision, revision))
}
