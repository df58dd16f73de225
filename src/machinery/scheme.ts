/** Finds declared kinds by the names that requests and objects use. */
import { kinds, otherKinds } from '../api/kinds.ts'
import { ListMeta } from '../api/meta/v1/object-meta.ts'
import { type Kind, type ListKind, listKindOf } from '../schema/kind.ts'
import type { GroupVersionKind } from '../schema/type.ts'

const byKind = new Map<string, Kind>()
const byResource = new Map<string, Kind>()
for (const kind of [...kinds, ...otherKinds]) {
  byKind.set(`${kind.apiVersion}/${kind.gvk.kind}`, kind)
  if (kind.resource) byResource.set(`${kind.apiVersion}/${kind.resource.plural}`, kind)
}

/** The kind named by an object's apiVersion and kind. */
export const kindByName = (apiVersion: string, kind: string): Kind | undefined => byKind.get(`${apiVersion}/${kind}`)

export const kindByGvk = ({ group, version, kind }: GroupVersionKind): Kind | undefined =>
  kindByName(group === '' ? version : `${group}/${version}`, kind)

/** The kind of a resource, as (`apps/v1`, `deployments`). */
export const kindByResource = (apiVersion: string, plural: string): Kind | undefined =>
  byResource.get(`${apiVersion}/${plural}`)

/** The list of a kind, as DeploymentList. */
export const listOf = (kind: Kind): ListKind => listKindOf(kind, ListMeta)
