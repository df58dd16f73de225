/**
 * The behaviour of an autoscaler as the annotation of autoscaling/v1 carries it: upstream writes its internal form there,
 * whose members are capitalised and never left out, and reads it without regard to case.
 */
import type {
  HorizontalPodAutoscalerBehavior,
  HPAScalingPolicy,
  HPAScalingRules,
} from '../../api/autoscaling/v2/scaling-behavior.ts'

const policyText = ({ type, value, periodSeconds }: HPAScalingPolicy) => ({
  Type: type,
  Value: value,
  PeriodSeconds: periodSeconds,
})

const rulesText = (rules: HPAScalingRules | undefined) =>
  rules === undefined
    ? null
    : {
        StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
        SelectPolicy: rules.selectPolicy ?? null,
        Policies: rules.policies?.map(policyText) ?? null,
        Tolerance: rules.tolerance ?? null,
      }

export const behaviorText = ({ scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): string =>
  JSON.stringify({ ScaleUp: rulesText(scaleUp), ScaleDown: rulesText(scaleDown) })

type Members = Readonly<Record<string, unknown>>

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A member by its name in any case; null counts as unset. */
function member(of: Members, name: string): unknown {
  const found = Object.keys(of).find(key => key.toLowerCase() === name.toLowerCase())
  return found === undefined ? undefined : (of[found] ?? undefined)
}

function members(of: Members, ...names: readonly string[]): Members {
  return Object.fromEntries(names.map(name => [name, member(of, name)]).filter(([, value]) => value !== undefined))
}

function rulesOf(value: unknown): HPAScalingRules | undefined {
  if (!isMembers(value)) return undefined
  const policies = member(value, 'policies')
  return {
    ...members(value, 'stabilizationWindowSeconds', 'selectPolicy', 'tolerance'),
    ...(Array.isArray(policies)
      ? { policies: policies.filter(isMembers).map(policy => members(policy, 'type', 'value', 'periodSeconds')) }
      : {}),
  } as HPAScalingRules
}

/** Undefined for a text that says nothing. */
export function behaviorOf(text: string): HorizontalPodAutoscalerBehavior | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isMembers(value)) return undefined
  const scaleUp = rulesOf(member(value, 'scaleUp'))
  const scaleDown = rulesOf(member(value, 'scaleDown'))
  if (!scaleUp && !scaleDown) return undefined
  return { ...(scaleUp ? { scaleUp } : {}), ...(scaleDown ? { scaleDown } : {}) }
}
