/**
 * Puts what declarations and kinds' own rules find into one order. Own rules come in the order in which upstream checks;
 * a declared error stands where upstream's check of that field does: the order of fields within their message.
 */
import { messageOf } from '../../schema/field.ts'
import type { FieldError } from '../../schema/field-error.ts'
import type { Message, Type } from '../../schema/type.ts'
import { comparisons, immutableMessage, noEphemeralContainers } from './checks.ts'
import { declarativeRules, watchedFields } from './declarative-rules.ts'

const containerOrder = [
  'name',
  'image',
  'terminationMessagePolicy',
  'ports',
  'env',
  'envFrom',
  'volumeMounts',
  'volumeDevices',
  'imagePullPolicy',
  'resources',
  'resizePolicy',
  'securityContext',
  'lifecycle',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  '…',
  'restartPolicy',
  'restartPolicyRules',
]

/** Where upstream checks some fields first, or (behind `…`) last; all others come in between as they are declared. */
const orders: Readonly<Record<string, readonly string[]>> = {
  PodSpec: [
    'volumes',
    'resourceClaims',
    'containers',
    'initContainers',
    'ephemeralContainers',
    'resources',
    'restartPolicy',
    'dnsPolicy',
    'nodeSelector',
    'securityContext',
    'imagePullSecrets',
    'affinity',
    'dnsConfig',
    'readinessGates',
    'schedulingGates',
    'topologySpreadConstraints',
    'hostUsers',
    'hostnameOverride',
    'serviceAccountName',
    'nodeName',
    'activeDeadlineSeconds',
    'hostname',
    'subdomain',
    'tolerations',
    'hostAliases',
    'priorityClassName',
    'runtimeClassName',
    'preemptionPolicy',
    'overhead',
    'os',
  ],
  Container: containerOrder,
  EphemeralContainer: containerOrder,
  MutatingWebhook: [
    'name',
    'rules',
    'failurePolicy',
    'matchPolicy',
    'sideEffects',
    'timeoutSeconds',
    'reinvocationPolicy',
    'namespaceSelector',
    'objectSelector',
    'clientConfig',
  ],
  HorizontalPodAutoscalerSpec: ['minReplicas', 'maxReplicas', 'scaleTargetRef', 'metrics', 'behavior'],
  LimitResponse: ['queuing', 'type'],
  PriorityLevelConfigurationSpec: ['exempt', 'limited', 'type'],
}

/** Negative where `a` comes first. Both are paths as `spec.ports[0].name`. */
function comparePaths(root: Message, a: string, b: string): number {
  const left = stepsOf(a)
  const right = stepsOf(b)
  let type: Type | undefined = root
  for (let i = 0; ; i++) {
    const one = left[i]
    const other = right[i]
    if (one === undefined || other === undefined) return (one === undefined ? 0 : 1) - (other === undefined ? 0 : 1)
    if (one !== other) return positionOf(type, one) - positionOf(type, other)
    type = type && innerOf(type, one)
  }
}

const stepsOf = (path: string): string[] => path.match(/[^.[\]]+|\[[^\]]*\]/g) ?? []

function innerOf(type: Type, step: string): Type | undefined {
  if (step.startsWith('[')) return type.is === 'list' || type.is === 'map' ? type.of : undefined
  return messageOf(type)?.fields[step]?.facts.type
}

/** What is no field comes last. */
function positionOf(type: Type | undefined, step: string): number {
  if (step.startsWith('[')) return Number(step.slice(1, -1)) || 0
  const message = type && messageOf(type)
  if (!message) return Number.MAX_SAFE_INTEGER
  const order = positionsOf(message)
  return order.get(step) ?? order.size
}

const positions = new WeakMap<Message, ReadonlyMap<string, number>>()

function positionsOf(message: Message): ReadonlyMap<string, number> {
  const known = positions.get(message)
  if (known) return known
  const given = orders[message.name.slice(message.name.lastIndexOf('.') + 1)] ?? []
  const split = given.indexOf('…')
  const first = split < 0 ? given : given.slice(0, split)
  const last = split < 0 ? [] : given.slice(split + 1)
  const between = Object.keys(message.fields).filter(name => !given.includes(name))
  const made = new Map([...first, ...between, ...last].map((name, i) => [name, i]))
  positions.set(message, made)
  return made
}

/**
 * `rules` keeps its order; each of `declared` goes before the first that comes behind it. What upstream's declarative
 * validation finds comes behind all that. Inside of what never changes it does not look: there the other rules speak.
 */
export function inOrder(root: Message, found: readonly FieldError[], declared: readonly FieldError[]): FieldError[] {
  const from = found.indexOf(comparisons)
  const rules = found.filter(error => error !== comparisons)
  if (rules.length + declared.length < 2) return [...rules, ...declared]
  const compared = new Set(from < 0 ? [] : rules.slice(from))
  const byDeclaration = new Set([...declared, ...rules].filter(error => isDeclarative(root, error)))
  const fixed = [...rules, ...declared].filter(
    error =>
      error.message.endsWith(immutableMessage) &&
      (byDeclaration.has(error) || watchedFields.has(ownerOf(root, error.field) ?? '')),
  )
  const isLate = (error: FieldError): boolean =>
    byDeclaration.has(error) && !fixed.some(({ field }) => error.field.startsWith(`${field}.`))
  const merged = rules.filter(error => !isLate(error))
  for (const error of declared) {
    if (isLate(error)) continue
    const at = merged.findIndex(other => compared.has(other) || comparePaths(root, error.field, placeOf(other)) < 0)
    merged.splice(at < 0 ? merged.length : at, 0, error)
  }
  const late = [...byDeclaration].filter(isLate).sort((a, b) => comparePaths(root, a.field, b.field))
  return [...merged, ...late]
}

/** Where a rule is checked: mostly at its field; that templates have no ephemeral containers, behind their specs. */
const placeOf = ({ field, message }: FieldError): string =>
  message === `Forbidden: ${noEphemeralContainers}` ? field.replace(/\.ephemeralContainers$/, '.~') : field

function isDeclarative(root: Message, { field, message }: FieldError): boolean {
  const owner = ownerOf(root, field)
  return owner !== undefined && (declarativeRules.get(owner)?.test(message) ?? false)
}

/** The innermost field on a path, as `Message.field`. */
function ownerOf(root: Message, path: string): string | undefined {
  let type: Type | undefined = root
  let owner: string | undefined
  for (const step of stepsOf(path)) {
    const message = type && !step.startsWith('[') ? messageOf(type) : undefined
    if (message) owner = `${message.name.slice(message.name.lastIndexOf('.') + 1)}.${step}`
    type = type && innerOf(type, step)
  }
  return owner
}
