/**
 * Who sets or changes owners must be allowed to delete the object; who blocks an owner's deletion must be allowed to
 * set that owner's finalizers. Off unless asked for, as upstream.
 */
import { isDeepStrictEqual } from 'node:util'
import type { OwnerReference } from '../../api/meta/v1/object-meta.ts'
import { kindByName } from '../../machinery/scheme.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { nameOf, refusal } from './refusal.ts'

const ownersOf = (object: Record<string, unknown> | undefined): readonly OwnerReference[] =>
  (object?.metadata as { ownerReferences?: OwnerReference[] } | undefined)?.ownerReferences ?? []

export class OwnerReferencesPermissionEnforcement implements AdmissionPlugin {
  readonly name = 'OwnerReferencesPermissionEnforcement'
  readonly #authorizer: Authorizer

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const { operation, object, oldObject, group, resource, namespace } = attributes
    if ((operation !== 'CREATE' && operation !== 'UPDATE') || attributes.subresource === 'status') return
    const owners = ownersOf(object)
    const before = ownersOf(oldObject)
    if (isDeepStrictEqual(owners, before)) return
    // On create the writer may well be allowed to delete what it makes: only updates take the permission.
    if (
      operation === 'UPDATE' &&
      !(await this.#may(attributes, 'delete', group, resource, '', namespace, nameOf(attributes)))
    )
      throw refusal(attributes, "cannot set an ownerRef on a resource you can't delete")
    for (const owner of owners) {
      const known = before.find(({ uid }) => uid === owner.uid)
      if (owner.blockOwnerDeletion !== true || known?.blockOwnerDeletion === true) continue
      const kind = kindByName(owner.apiVersion, owner.kind)
      const facts = kind?.resource
      if (!facts)
        throw refusal(
          attributes,
          `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${owner.apiVersion} Kind ${owner.kind}`,
        )
      const scope = facts.namespaced ? namespace : ''
      if (!(await this.#may(attributes, 'update', kind.gvk.group, facts.plural, 'finalizers', scope, owner.name)))
        throw refusal(
          attributes,
          "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on",
        )
    }
  }

  async #may(
    { user, version }: AdmissionAttributes,
    verb: string,
    group: string,
    resource: string,
    subresource: string,
    namespace: string,
    name: string,
  ): Promise<boolean> {
    const asked = {
      user,
      verb,
      resourceRequest: true,
      group,
      version,
      resource,
      subresource,
      namespace,
      name,
      path: '',
    }
    return (await this.#authorizer.authorize(asked)).decision === 'allow'
  }
}
