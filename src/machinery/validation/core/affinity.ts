/** Affinity, tolerations and topology spreading (upstream: validateAffinity, ValidateTolerations, validateTopologySpreadConstraints). */
import type {
  Affinity,
  PodAffinityTerm,
  Taint,
  Toleration,
  TopologySpreadConstraint,
} from '../../../api/core/v1/affinity.ts'
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from '../../../api/core/v1/selectors.ts'
import type { LabelSelector } from '../../../api/meta/v1/label-selector.ts'
import { duplicate, forbidden, invalid, notSupported, required } from '../../../schema/field-error.ts'
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../../schema/formats.ts'
import { labelKeyErrors, labelValueErrors } from '../../selectors/label-syntax.ts'
import { checkChoice, checkLabelSelector, checkOneOf, type Errors, pushInvalid } from '../checks.ts'

export function checkNodeSelector(out: Errors, path: string, selector: NodeSelector): void {
  const terms = selector.nodeSelectorTerms ?? []
  if (terms.length === 0) {
    out.push(required(`${path}.nodeSelectorTerms`, 'must have at least one node selector term'))
  }
  terms.forEach((term, i) => {
    checkNodeSelectorTerm(out, `${path}.nodeSelectorTerms[${i}]`, term)
  })
}

function checkNodeSelectorTerm(out: Errors, path: string, term: NodeSelectorTerm): void {
  term.matchExpressions?.forEach((requirement, i) => {
    checkNodeRequirement(out, `${path}.matchExpressions[${i}]`, requirement)
  })
  term.matchFields?.forEach((requirement, i) => {
    const at = `${path}.matchFields[${i}]`
    if (requirement.operator !== 'In' && requirement.operator !== 'NotIn') {
      out.push(invalid(`${at}.operator`, requirement.operator, 'not a valid selector operator'))
    } else if (requirement.values?.length !== 1) {
      out.push(
        required(`${at}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"),
      )
    }
    if (requirement.key !== 'metadata.name') {
      out.push(invalid(`${at}.key`, requirement.key, 'not a valid field selector key'))
    } else {
      requirement.values?.forEach((value, j) => {
        pushInvalid(out, `${at}.values[${j}]`, value, dns1123SubdomainErrors(value))
      })
    }
  })
}

function checkNodeRequirement(out: Errors, path: string, requirement: NodeSelectorRequirement): void {
  const values = requirement.values ?? []
  switch (requirement.operator as string) {
    case 'In':
    case 'NotIn':
      if (values.length === 0)
        out.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
      break
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        out.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
      }
      break
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        out.push(required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
      }
      break
    default:
      out.push(invalid(`${path}.operator`, requirement.operator, 'not a valid selector operator'))
  }
  pushInvalid(out, `${path}.key`, requirement.key, labelKeyErrors(requirement.key))
  values.forEach((value, i) => {
    pushInvalid(out, `${path}.values[${i}]`, value, labelValueErrors(value))
  })
}

export function checkAffinity(out: Errors, path: string, affinity: Affinity): void {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity
  const hard = 'requiredDuringSchedulingIgnoredDuringExecution'
  const soft = 'preferredDuringSchedulingIgnoredDuringExecution'
  if (nodeAffinity?.[hard]) checkNodeSelector(out, `${path}.nodeAffinity.${hard}`, nodeAffinity[hard])
  nodeAffinity?.[soft]?.forEach(({ weight, preference }, i) => {
    const at = `${path}.nodeAffinity.${soft}[${i}]`
    checkWeight(out, `${at}.weight`, weight)
    checkNodeSelectorTerm(out, `${at}.preference`, preference)
  })
  for (const [name, pods] of [
    ['podAffinity', podAffinity],
    ['podAntiAffinity', podAntiAffinity],
  ] as const) {
    pods?.[hard]?.forEach((term, i) => {
      checkPodAffinityTerm(out, `${path}.${name}.${hard}[${i}]`, term)
    })
    pods?.[soft]?.forEach(({ weight, podAffinityTerm }, i) => {
      const at = `${path}.${name}.${soft}[${i}]`
      checkWeight(out, `${at}.weight`, weight)
      checkPodAffinityTerm(out, `${at}.podAffinityTerm`, podAffinityTerm)
    })
  }
}

function checkWeight(out: Errors, path: string, weight: number): void {
  if (weight <= 0 || weight > 100) out.push(invalid(path, weight, 'must be in the range 1-100'))
}

function checkPodAffinityTerm(out: Errors, path: string, term: PodAffinityTerm): void {
  checkLabelSelector(out, `${path}.labelSelector`, term.labelSelector)
  checkLabelSelector(out, `${path}.namespaceSelector`, term.namespaceSelector)
  for (const namespace of term.namespaces ?? []) {
    pushInvalid(out, `${path}.namespace`, namespace, dns1123LabelErrors(namespace))
  }
  for (const name of ['matchLabelKeys', 'mismatchLabelKeys'] as const)
    checkLabelKeys(out, `${path}.${name}`, term[name], term.labelSelector)
  term.matchLabelKeys?.forEach((key, i) => {
    if (term.mismatchLabelKeys?.includes(key)) {
      out.push(invalid(`${path}.matchLabelKeys[${i}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys'))
    }
  })
  checkTopologyKey(out, `${path}.topologyKey`, term.topologyKey)
}

/** Without a selector to add them to, nothing more is said of the keys. */
function checkLabelKeys(
  out: Errors,
  path: string,
  keys: readonly string[] | undefined,
  selector: LabelSelector | undefined,
): void {
  if (!keys?.length) return
  if (!selector) {
    out.push(forbidden(path, 'must not be specified when labelSelector is not set'))
    return
  }
  keys.forEach((key, i) => {
    pushInvalid(out, `${path}[${i}]`, key, labelKeyErrors(key))
  })
}

function checkTopologyKey(out: Errors, path: string, key: string): void {
  if (key === '') out.push(required(path, 'can not be empty'))
  pushInvalid(out, path, key, labelKeyErrors(key))
}

/** Only pods may compare numbers. */
export function checkTolerations(out: Errors, path: string, tolerations: readonly Toleration[] | undefined): void {
  tolerations?.forEach((toleration, i) => {
    const at = `${path}[${i}]`
    const { key = '', operator = '', value = '', effect = '' } = toleration
    if (key !== '') pushInvalid(out, `${at}.key`, key, labelKeyErrors(key))
    if (key === '' && operator !== 'Exists') {
      out.push(
        invalid(
          `${at}.operator`,
          operator,
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      )
    }
    if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute') {
      out.push(invalid(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
    }
    if (operator === 'Equal' || operator === '') {
      const messages = labelValueErrors(value)
      if (messages.length > 0) out.push(invalid(`${at}.operator`, value, messages.join(';')))
    } else if (operator === 'Exists') {
      if (value !== '') out.push(invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'"))
    } else {
      // Comparisons (KEP-5471) are behind a gate that is off; their names are known all the same.
      const isComparison = operator === 'Gt' || operator === 'Lt'
      const known = isComparison ? ['Equal', 'Exists', 'Lt', 'Gt'] : ['Equal', 'Exists']
      out.push(notSupported(`${at}.operator`, operator, known))
    }
    if (effect !== '') checkOneOf(out, `${at}.effect`, effect, effects)
  })
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export function checkTaints(out: Errors, path: string, taints: readonly Taint[] | undefined): void {
  const seen = new Set<string>()
  taints?.forEach((taint, i) => {
    const at = `${path}[${i}]`
    pushInvalid(out, `${at}.key`, taint.key, labelKeyErrors(taint.key))
    const messages = labelValueErrors(taint.value ?? '')
    if (messages.length > 0) out.push(invalid(`${at}.value`, taint.value, messages.join(';')))
    checkChoice(out, `${at}.effect`, taint.effect ?? '', effects)
    const identity = `${taint.key}\n${taint.effect}`
    if (seen.has(identity)) {
      const { reason, field, message } = duplicate(at, taint)
      out.push({ reason, field, message: `${message}: taints must be unique by key and effect pair` })
    }
    seen.add(identity)
  })
}

export function checkTopologySpread(
  out: Errors,
  path: string,
  constraints: readonly TopologySpreadConstraint[] | undefined,
): void {
  constraints?.forEach((constraint, i) => {
    const at = `${path}[${i}]`
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains, labelSelector, matchLabelKeys } = constraint
    if (maxSkew <= 0) out.push(invalid(`${at}.maxSkew`, maxSkew, 'must be greater than zero'))
    if (topologyKey === '') out.push(required(`${at}.topologyKey`, 'can not be empty'))
    checkOneOf(out, `${at}.whenUnsatisfiable`, whenUnsatisfiable ?? '', ['DoNotSchedule', 'ScheduleAnyway'])
    for (const later of constraints.slice(i + 1)) {
      if (later.topologyKey === topologyKey && later.whenUnsatisfiable === whenUnsatisfiable)
        out.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`))
    }
    if (minDomains !== undefined) {
      if (minDomains <= 0) out.push(invalid(`${at}.minDomains`, minDomains, 'must be greater than zero'))
      if (whenUnsatisfiable !== 'DoNotSchedule') {
        out.push(
          invalid(
            `${at}.minDomains`,
            minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`,
          ),
        )
      }
    }
    checkLabelKeys(out, `${at}.matchLabelKeys`, matchLabelKeys, labelSelector)
    matchLabelKeys?.forEach((key, j) => {
      if (labelSelector?.matchLabels?.[key] !== undefined && !key.startsWith('pod-template-hash')) {
        out.push(invalid(`${at}.matchLabelKeys[${j}]`, key, 'exists in both matchLabelKeys and labelSelector'))
      }
    })
    checkLabelSelector(out, `${at}.labelSelector`, labelSelector)
  })
}
