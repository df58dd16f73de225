/** Which of its labels a kubelet may set (KEP-279). */

const reservedDomains = ['kubernetes.io', 'k8s.io']
const restrictedDomain = 'node-restriction.kubernetes.io'
const ownDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io']
const ownLabels = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.kubernetes.io/region',
  'failure-domain.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'node.kubernetes.io/windows-build',
])

const inDomain = (domain: string, parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`)

export function mayChangeLabel(label: string): boolean {
  if (ownLabels.has(label)) return true
  const slash = label.indexOf('/')
  const domain = slash < 0 ? '' : label.slice(0, slash)
  if (inDomain(domain, restrictedDomain)) return false
  if (ownDomains.some(own => inDomain(domain, own))) return true
  return !reservedDomains.some(reserved => inDomain(domain, reserved))
}

type Labels = Readonly<Record<string, string>>

/** The labels that one side has and the other has not, or has with another value; in order. */
export function changedLabels(next: Labels = {}, old: Labels = {}): string[] {
  const all = new Set([...Object.keys(next), ...Object.keys(old)])
  return [...all].filter(label => next[label] !== old[label]).sort()
}
