/** What names the objects of each kind may have. */
import { dns1123LabelErrors, dns1123SubdomainErrors, ipErrors, pathSegmentErrors } from '../../schema/formats.ts'
import type { Kind } from '../../schema/kind.ts'

/** Messages for a name, or for the prefix of one. */
export type NameRule = (name: string, isPrefix: boolean) => string[]

/** A prefix may end in a dash, for more will follow. */
const masked = (name: string): string => (name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name)

const ruleOf =
  (errors: (name: string) => string[]): NameRule =>
  (name, isPrefix) =>
    errors(isPrefix ? masked(name) : name)

export const subdomainName = ruleOf(dns1123SubdomainErrors)
export const labelName = ruleOf(dns1123LabelErrors)

const anyName: NameRule = () => []
const anySegment: NameRule = (name, isPrefix) => (isPrefix ? [] : pathSegmentErrors(name))

const rules: ReadonlyMap<string, NameRule> = new Map([
  ['/Namespace', labelName],
  ['/Service', labelName], // KEP-5311
  ['apps/StatefulSet', labelName],
  // Upstream judges nothing of the metadata of these two.
  ['/Event', anySegment],
  ['policy/PodDisruptionBudget', anySegment],
  ['rbac.authorization.k8s.io/Role', pathSegmentErrors],
  ['rbac.authorization.k8s.io/RoleBinding', pathSegmentErrors],
  ['rbac.authorization.k8s.io/ClusterRole', pathSegmentErrors],
  ['rbac.authorization.k8s.io/ClusterRoleBinding', pathSegmentErrors],
  ['networking.k8s.io/IPAddress', ipErrors],
  ['apiregistration.k8s.io/APIService', pathSegmentErrors],
  ['certificates.k8s.io/CertificateSigningRequest', anyName],
  // Depends on the signer: its own rules judge it.
  ['certificates.k8s.io/ClusterTrustBundle', anyName],
])

export const nameRuleOf = (kind: Kind): NameRule => rules.get(`${kind.gvk.group}/${kind.gvk.kind}`) ?? subdomainName
