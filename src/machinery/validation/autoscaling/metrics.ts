/** Metrics that autoscalers aim at (upstream: validateMetricSpec and the checks of its sources). */
import type { MetricSpec } from '../../../api/autoscaling/v2/metric-spec.ts'
import type {
  CrossVersionObjectReference,
  MetricIdentifier,
  MetricTarget,
} from '../../../api/autoscaling/v2/metric-target.ts'
import { forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import { dns1123LabelErrors, pathSegmentErrors } from '../../../schema/formats.ts'
import { parseQuantity } from '../../quantity.ts'
import { type Errors, pushInvalid } from '../checks.ts'
import { checkContainerResourceName } from '../core/resources.ts'

const types = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource']

/** The members in the order in which upstream looks for them. */
const members = ['object', 'external', 'pods', 'resource', 'containerResource'] as const
type Member = (typeof members)[number]

const memberOf: Readonly<Record<string, Member>> = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
}

export interface ReferenceRules {
  readonly mayLackGroup?: boolean
  /** Whether an older object has been let through with a version that is none. */
  readonly mayBeInvalid?: boolean
}

/** What is wrong with the version of a reference. */
export function versionError(
  { apiVersion = '' }: CrossVersionObjectReference,
  rules: ReferenceRules,
): string | undefined {
  if (rules.mayBeInvalid) return undefined
  if (apiVersion.split('/').length > 2) return `unexpected GroupVersion string: ${apiVersion}`
  return !rules.mayLackGroup && !apiVersion.includes('/') ? 'apiVersion must specify API group' : undefined
}

export function checkReference(
  out: Errors,
  path: string,
  reference: CrossVersionObjectReference,
  rules: ReferenceRules,
): void {
  for (const name of ['kind', 'name'] as const) {
    // A missing one is reported by its declaration.
    if (reference[name] !== '') pushInvalid(out, `${path}.${name}`, reference[name], pathSegmentErrors(reference[name]))
  }
  const error = versionError(reference, rules)
  if (error !== undefined) out.push(invalid(`${path}.apiVersion`, reference.apiVersion ?? '', error))
}

function checkIdentifier(out: Errors, path: string, { name }: MetricIdentifier): void {
  if (name === '') out.push(required(`${path}.name`, 'must specify a metric name'))
  else pushInvalid(out, `${path}.name`, name, pathSegmentErrors(name))
}

function checkTarget(out: Errors, path: string, target: MetricTarget): void {
  if (target.type === '') out.push(required(`${path}.type`, 'must specify a metric target type'))
  if (!['Utilization', 'Value', 'AverageValue'].includes(target.type)) {
    out.push(invalid(`${path}.type`, target.type, 'must be either Utilization, Value, or AverageValue'))
  }
  for (const name of ['value', 'averageValue'] as const) {
    const amount = target[name]
    if (amount !== undefined && parseQuantity(amount).sign() <= 0) {
      out.push(invalid(`${path}.${name}`, amount, 'must be positive'))
    }
  }
  if (target.averageUtilization !== undefined && target.averageUtilization < 1) {
    out.push(invalid(`${path}.averageUtilization`, target.averageUtilization, 'must be greater than 0'))
  }
}

/** A resource has either a percentage or an amount to aim at. */
function checkResourceTarget(out: Errors, path: string, target: MetricTarget): void {
  checkTarget(out, path, target)
  const { averageUtilization, averageValue } = target
  if (averageUtilization === undefined && averageValue === undefined) {
    out.push(required(`${path}.averageUtilization`, 'must set either a target raw value or a target utilization'))
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    out.push(forbidden(`${path}.averageValue`, 'may not set both a target raw value and a target utilization'))
  }
}

const checkMember: Readonly<
  Record<Member, (out: Errors, path: string, metric: MetricSpec, rules: ReferenceRules) => void>
> = {
  object(out, path, { object }, rules) {
    if (!object) return
    checkReference(out, `${path}.describedObject`, object.describedObject, rules)
    checkIdentifier(out, `${path}.metric`, object.metric)
    checkTarget(out, `${path}.target`, object.target)
    if (object.target.value === undefined && object.target.averageValue === undefined) {
      out.push(required(`${path}.target.averageValue`, 'must set either a target value or averageValue'))
    }
  },
  external(out, path, { external }) {
    if (!external) return
    checkIdentifier(out, `${path}.metric`, external.metric)
    checkTarget(out, `${path}.target`, external.target)
    const { value, averageValue } = external.target
    if (value === undefined && averageValue === undefined) {
      const message = 'must set either a target value for metric or a per-pod target'
      out.push(required(`${path}.target.averageValue`, message))
    }
    if (value !== undefined && averageValue !== undefined) {
      const message = 'may not set both a target value for metric and a per-pod target'
      out.push(forbidden(`${path}.target.value`, message))
    }
  },
  pods(out, path, { pods }) {
    if (!pods) return
    checkIdentifier(out, `${path}.metric`, pods.metric)
    checkTarget(out, `${path}.target`, pods.target)
    if (pods.target.averageValue === undefined) {
      out.push(required(`${path}.target.averageValue`, 'must specify a positive target averageValue'))
    }
  },
  resource(out, path, { resource }) {
    if (!resource) return
    if (resource.name === '') out.push(required(`${path}.name`, 'must specify a resource name'))
    checkResourceTarget(out, `${path}.target`, resource.target)
  },
  containerResource(out, path, { containerResource: source }) {
    if (!source) return
    if (source.name === '') out.push(required(`${path}.name`, 'must specify a resource name'))
    else checkContainerResourceName(out, `${path}.name`, source.name)
    if (source.container === '') out.push(required(`${path}.container`, 'must specify a container'))
    else pushInvalid(out, `${path}.container`, source.container, dns1123LabelErrors(source.container))
    checkResourceTarget(out, `${path}.target`, source.target)
  },
}

export function checkMetric(out: Errors, path: string, metric: MetricSpec, rules: ReferenceRules): void {
  const { type } = metric
  if (type === '') out.push(required(`${path}.type`, 'must specify a metric source type'))
  const expected = memberOf[type]
  if (!expected) out.push(notSupported(`${path}.type`, type, types))
  const present = members.filter(name => metric[name] !== undefined)
  const [first] = present
  if (first) checkMember[first](out, `${path}.${first}`, metric, rules)
  if (!expected) out.push(notSupported(`${path}.type`, type, types))
  else if (metric[expected] === undefined) {
    out.push(required(`${path}.${expected}`, 'must populate information for the given metric source'))
  }
  if (present.length === 1) return
  for (const name of present) {
    if (name !== expected) out.push(forbidden(`${path}.${name}`, 'must populate the given metric source only'))
  }
}
