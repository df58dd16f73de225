/** What kubelets may do (Kubernetes documentation, "Using Node Authorization"). */
import type { PolicyRule } from '../../api/rbac/v1/rules.ts'
import type { UserInfo } from '../authentication/authenticator.ts'
import { nodeOf } from '../authentication/users.ts'
import type { ObjectReader } from '../registry/object-reader.ts'
import type { Attributes, Authorization, Authorizer } from './authorizer.ts'
import { NodeReferences, type ReferencedType } from './node-references.ts'
import { ruleAllows } from './rules.ts'

const allowed: Authorization = { decision: 'allow', reason: '' }
const because = (reason: string): Authorization => ({
  decision: 'noOpinion',
  reason: reason === '' ? '' : `node: ${reason}`,
})

const leaseNamespace = 'kube-node-lease'
const ownObjectVerbs = new Set(['get', 'create', 'update', 'patch', 'delete'])
const readVerbs = new Set(['get', 'list', 'watch'])

type Check = (node: string, attributes: Attributes) => Authorization

export class NodeAuthorizer implements Authorizer {
  readonly #references: NodeReferences
  /** The rules for what is not divided by node: those of the cluster role `system:node`. */
  readonly #rules: readonly PolicyRule[]
  readonly #checks: Readonly<Record<string, Check>>

  constructor(reader: ObjectReader, rules: readonly PolicyRule[]) {
    this.#references = new NodeReferences(reader)
    this.#rules = rules
    const related =
      (type: ReferencedType) =>
      (node: string, { namespace, name }: Attributes) =>
        this.#related(node, name, () => this.#references.refersTo(node, type, namespace, name))
    const readable =
      (type: ReferencedType): Check =>
      (node, attributes) => {
        if (!readVerbs.has(attributes.verb)) return because('can only read resources of this type')
        if (attributes.subresource !== '') return because('cannot read subresource')
        if (attributes.namespace === '') return because('can only read namespaced object of this type')
        return related(type)(node, attributes)
      }
    const gettable =
      (check: Check): Check =>
      (node, attributes) => {
        if (attributes.verb !== 'get') return because('can only get individual resources of this type')
        if (attributes.subresource !== '') return because('cannot get subresource')
        return check(node, attributes)
      }
    this.#checks = {
      '/secrets': readable('secret'),
      '/configmaps': readable('configmap'),
      '/persistentvolumeclaims': (node, attributes) => {
        if (attributes.subresource !== 'status') return gettable(related('pvc'))(node, attributes)
        if (attributes.verb !== 'get' && attributes.verb !== 'update' && attributes.verb !== 'patch')
          return because('can only get/update/patch this type')
        return related('pvc')(node, attributes)
      },
      '/persistentvolumes': gettable((node, { name }) =>
        this.#related(node, name, () => this.#references.usesVolume(node, name)),
      ),
      'resource.k8s.io/resourceclaims': gettable(related('resourceclaim')),
      '/serviceaccounts': (node, attributes) => {
        const { verb, subresource, name } = attributes
        if (verb === 'get' && subresource === '') return related('serviceaccount')(node, attributes)
        if (verb !== 'create' || name === '') return because('can only create tokens for individual service accounts')
        if (subresource !== 'token') return because('can only create token subresource of serviceaccount')
        return related('serviceaccount')(node, attributes)
      },
      'coordination.k8s.io/leases': lease,
      'storage.k8s.io/csinodes': csiNode,
      'resource.k8s.io/resourceslices': resourceSlice,
      'certificates.k8s.io/podcertificaterequests': podCertificateRequest,
      '/nodes': ownNode,
      '/pods': (node, attributes) => this.#pod(node, attributes),
    }
  }

  close(): void {
    this.#references.close()
  }

  async authorize(attributes: Attributes): Promise<Authorization> {
    const node = nodeOf(attributes.user)
    if (node === undefined) return because('')
    if (node === '') return because(`unknown node for user ${JSON.stringify(attributes.user.username)}`)
    const check = attributes.resourceRequest ? this.#checks[`${attributes.group}/${attributes.resource}`] : undefined
    if (check) return check(node, attributes)
    return this.#rules.some(rule => ruleAllows(attributes, rule)) ? allowed : because('')
  }

  async rulesFor(user: UserInfo): ReturnType<Authorizer['rulesFor']> {
    if (nodeOf(user) === undefined) return { resourceRules: [], nonResourceRules: [], incomplete: false }
    const evaluationError = 'node authorizer does not support user rule resolution'
    return { resourceRules: [], nonResourceRules: [], incomplete: true, evaluationError }
  }

  #related(node: string, name: string, test: () => boolean): Authorization {
    if (name === '') return because('No Object name found')
    return test() ? allowed : because(`no relationship found between node '${node}' and this object`)
  }

  /** What a node may write to pods is limited further by the admission plugin NodeRestriction. */
  #pod(node: string, attributes: Attributes): Authorization {
    const { verb, subresource, namespace, name } = attributes
    const own = () => this.#related(node, name, () => this.#references.hasPod(node, namespace, name))
    switch (`${verb} ${subresource}`) {
      case 'create ':
      case 'delete ':
      case 'create eviction':
      case 'update status':
      case 'patch status':
        return allowed
      case 'get ':
        return own()
      case 'list ':
      case 'watch ': {
        if (selectsNode(attributes, node)) return allowed
        return name === '' ? because('can only list/watch pods with spec.nodeName field selector') : own()
      }
      default:
        return because('')
    }
  }
}

const isEquality = (operator: string): boolean => operator === '=' || operator === '==' || operator === 'In'

const lease: Check = (node, { verb, namespace, name }) => {
  if (!ownObjectVerbs.has(verb)) return because('can only get, create, update, patch, or delete a node lease')
  if (namespace !== leaseNamespace)
    return because(`can only access leases in the ${JSON.stringify(leaseNamespace)} system namespace`)
  // The name of an object to be made is in its body: NodeRestriction looks at that.
  if (verb !== 'create' && name !== node)
    return because('can only access node lease with the same name as the requesting node')
  return allowed
}

const csiNode: Check = (node, { verb, subresource, name }) => {
  if (!ownObjectVerbs.has(verb)) return because('can only get, create, update, patch, or delete a CSINode')
  if (subresource !== '') return because('cannot authorize CSINode subresources')
  if (verb !== 'create' && name !== node)
    return because('can only access CSINode with the same name as the requesting node')
  return allowed
}

const selectsNode = ({ fieldSelector = [] }: Attributes, node: string): boolean =>
  fieldSelector.some(
    ({ key, operator, values }) =>
      key === 'spec.nodeName' && isEquality(operator) && values.length === 1 && values[0] === node,
  )

/** What a node may ask for is limited further by the admission plugin NodeRestriction. */
const podCertificateRequest: Check = (node, attributes) => {
  const { verb, subresource } = attributes
  if (subresource !== '') return because('nodes may not access the status subresource of PodCertificateRequests')
  if (verb === 'create') return allowed
  if (verb !== 'list' && verb !== 'watch') return because(`nodes may not ${verb} podcertificaterequests`)
  if (selectsNode(attributes, node)) return allowed
  return because('can only list/watch podcertificaterequests with nodeName field selector')
}

const resourceSlice: Check = (node, attributes) => {
  const { verb, subresource } = attributes
  if (subresource !== '') return because('cannot authorize ResourceSlice subresources')
  if (verb === 'get' || verb === 'create' || verb === 'update' || verb === 'patch' || verb === 'delete') return allowed
  if (verb !== 'list' && verb !== 'watch' && verb !== 'deletecollection')
    return because(
      'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
    )
  return selectsNode(attributes, node)
    ? allowed
    : because('can only list/watch/deletecollection resourceslices with spec.nodeName field selector')
}

/** The name decides, not the graph: a kubelet looks for its Node before it has made it. */
const ownNode: Check = (node, { verb, subresource, name }) => {
  if (subresource === 'status' && (verb === 'update' || verb === 'patch')) return allowed
  if (subresource !== '') return because('')
  if (verb === 'create' || verb === 'update' || verb === 'patch') return allowed
  if (!readVerbs.has(verb)) return because('')
  if (name === node) return allowed
  return because(
    name === ''
      ? `node '${node}' cannot read all nodes, only its own Node object`
      : `node '${node}' cannot read '${name}', only its own Node object`,
  )
}
