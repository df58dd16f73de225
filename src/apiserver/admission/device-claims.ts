/** Who may ask for devices in use, and who may say what of a claim for devices (KEP-5018, KEP-4817). */
import { Namespace } from '../../api/core/v1/namespace.ts'
import type { NodeSelector } from '../../api/core/v1/selectors.ts'
import type { AllocatedDeviceStatus, ResourceClaim } from '../../api/resource/v1/resource-claim.ts'
import type { ResourceClaimTemplate } from '../../api/resource/v1/resource-claim-template.ts'
import { invalidError } from '../../machinery/api-error.ts'
import { isSame } from '../../machinery/validation/checks.ts'
import { type FieldError, forbidden } from '../../schema/field-error.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { nameOf } from './refusal.ts'

const group = 'resource.k8s.io'
const adminLabel = 'resource.kubernetes.io/admin-access'
const nodeNameExtra = 'authentication.kubernetes.io/node-name'

interface AdminRequest {
  readonly exactly?: { readonly adminAccess?: boolean }
}

const requestsOf = (requests: readonly AdminRequest[] | undefined, path: string): string[] =>
  (requests ?? []).flatMap(({ exactly }, i) =>
    exactly?.adminAccess === true ? [`${path}.requests[${i}].adminAccess`] : [],
  )

const sameNode = (selector: NodeSelector | undefined, node: string): boolean => {
  const [term, more] = selector?.nodeSelectorTerms ?? []
  return (
    more === undefined &&
    term?.matchFields?.some(
      ({ key, operator, values }) => key === 'metadata.name' && operator === 'In' && isSame(values, [node]),
    ) === true
  )
}

const idOf = ({ driver, pool, device, shareID }: AllocatedDeviceStatus): string =>
  JSON.stringify([driver, pool, device, shareID ?? ''])

/** Drivers of which something else is said than before, in order. */
function changedDrivers(old: readonly AllocatedDeviceStatus[], next: readonly AllocatedDeviceStatus[]): string[] {
  const before = new Map(old.map(device => [idOf(device), device] as const))
  const after = new Map(next.map(device => [idOf(device), device] as const))
  const changed = [
    ...next.filter(device => !isSame(device, before.get(idOf(device)))),
    ...old.filter(device => !after.has(idOf(device))),
  ]
  return [...new Set(changed.map(({ driver }) => driver))].sort()
}

/** Upstream checks this in the storage of the kinds: it reports it as it does what is invalid. */
export class DeviceClaimAuthorization implements AdmissionPlugin {
  readonly name = 'DeviceClaimAuthorization'
  readonly #reader: ObjectReader
  readonly #authorizer: Authorizer

  constructor(reader: ObjectReader, authorizer: Authorizer) {
    this.#reader = reader
    this.#authorizer = authorizer
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (attributes.group !== group || !attributes.object) return
    const errors = await this.#errors(attributes)
    if (errors.length > 0) throw invalidError(group, attributes.kind.gvk.kind, nameOf(attributes), errors)
  }

  async #errors(attributes: AdmissionAttributes): Promise<FieldError[]> {
    const { operation, resource, subresource, object } = attributes
    if (operation === 'CREATE' && resource === 'resourceclaims') {
      const { devices } = (object as unknown as ResourceClaim).spec
      return this.#adminErrors(attributes, requestsOf(devices.requests, 'spec.devices'))
    }
    if (operation === 'CREATE' && resource === 'resourceclaimtemplates') {
      // Upstream names the path without that of the template's own spec.
      const { devices } = (object as unknown as ResourceClaimTemplate).spec.spec
      return this.#adminErrors(attributes, requestsOf(devices.requests, 'spec.devices'))
    }
    if (operation !== 'UPDATE' || resource !== 'resourceclaims' || subresource !== 'status') return []
    const { status } = object as unknown as ResourceClaim
    const { status: old } = attributes.oldObject as unknown as ResourceClaim
    const granted = old.allocation?.devices.results ?? []
    const paths = (status.allocation?.devices.results ?? []).flatMap((result, i) =>
      result.adminAccess === true && !isSame(granted, status.allocation?.devices.results)
        ? [`status.allocation.devices.results[${i}].adminAccess`]
        : [],
    )
    return [
      ...(await this.#adminErrors(attributes, paths)),
      ...(await this.#bindingErrors(attributes, status, old)),
      ...(await this.#driverErrors(attributes, status, old)),
    ]
  }

  async #adminErrors({ namespace }: AdmissionAttributes, paths: readonly string[]): Promise<FieldError[]> {
    if (paths.length === 0) return []
    const found = this.#reader.get(Namespace, '', namespace) ?? (await this.#reader.getFresh(Namespace, '', namespace))
    if (found?.metadata.labels?.[adminLabel] === 'true') return []
    const message = `admin access to devices requires the \`${adminLabel}: true\` label on the containing namespace`
    return paths.map(path => forbidden(path, message))
  }

  async #bindingErrors(
    attributes: AdmissionAttributes,
    status: ResourceClaim['status'],
    old: ResourceClaim['status'],
  ): Promise<FieldError[]> {
    if (isSame(status.allocation, old.allocation) && isSame(status.reservedFor, old.reservedFor)) return []
    const verb = verbOf(attributes)
    if (await this.#may(attributes, verb, 'binding', '', '')) return []
    const { username } = attributes.user
    const why = `resourceclaims.resource.k8s.io is forbidden: User ${JSON.stringify(username)} cannot ${verb} resource "resourceclaims/binding" in API group "resource.k8s.io" at the cluster scope`
    const told = `changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="${verb}" permission: ${why}`
    return [forbidden('status.allocation', told)]
  }

  /** A driver on the node of the claim needs less than one that speaks of any node. */
  async #driverErrors(
    attributes: AdmissionAttributes,
    status: ResourceClaim['status'],
    old: ResourceClaim['status'],
  ): Promise<FieldError[]> {
    const { user, namespace } = attributes
    const verb = verbOf(attributes)
    const node = user.username.startsWith('system:serviceaccount:') ? user.extra?.[nodeNameExtra]?.[0] : undefined
    const selector = (status.allocation ?? old.allocation)?.nodeSelector
    const isAssociated = node !== undefined && sameNode(selector, node)
    const verbs = [...(isAssociated ? [`associated-node:${verb}`] : []), `arbitrary-node:${verb}`]
    const errors: FieldError[] = []
    for (const driver of changedDrivers(old.devices ?? [], status.devices ?? [])) {
      const answers = []
      for (const asked of verbs) answers.push(await this.#may(attributes, asked, 'driver', namespace, driver))
      if (answers.includes(true)) continue
      const why = `resourceclaims.resource.k8s.io "${driver}" is forbidden: User ${JSON.stringify(user.username)} cannot ${verbs.at(-1)} resource "resourceclaims/driver" in API group "resource.k8s.io" in the namespace "${namespace}"`
      const told = `changing status.devices requires resource="resourceclaims/driver", verb="[${verbs.join(' ')}]" permission: ${why}`
      errors.push(forbidden('status.devices', told))
    }
    return errors
  }

  async #may(
    { user, version }: AdmissionAttributes,
    verb: string,
    subresource: string,
    namespace: string,
    name: string,
  ): Promise<boolean> {
    const { decision } = await this.#authorizer.authorize({
      user,
      verb,
      resourceRequest: true,
      group,
      version,
      resource: 'resourceclaims',
      subresource,
      namespace,
      name,
      path: '',
    })
    return decision === 'allow'
  }
}

const verbOf = ({ verb }: AdmissionAttributes): string => (verb === 'patch' ? 'patch' : 'update')
