/**
 * Fields of features that are off by default are dropped on write, unless the object that is replaced uses the feature:
 * so what an earlier server has stored survives (API conventions, "Alpha Fields").
 */
import { PersistentVolumeClaim } from '../api/core/v1/persistent-volume-claim.ts'
import { Lifecycle } from '../api/core/v1/probe.ts'
import { PersistentVolumeClaimTemplate } from '../api/core/v1/volume.ts'
import { messageOf } from '../schema/field.ts'
import type { Message, Type } from '../schema/type.ts'

type Values = Record<string, unknown>

interface GatedField {
  readonly name: string
  readonly gate: string
}

interface Plan {
  readonly gated: readonly GatedField[]
  /** Members that hold messages with gated fields at some depth. */
  readonly inner: readonly { readonly name: string; readonly type: Type; readonly plan: () => Plan | undefined }[]
}

/** Claims of other objects: upstream drops their fields only where the claims are made. */
const kept: ReadonlySet<Type> = new Set([PersistentVolumeClaim, PersistentVolumeClaimTemplate])

/** Messages that go when nothing is left in them. */
const vanishes: ReadonlySet<Type> = new Set([Lifecycle])

const plans = new Map<Message, Plan | undefined>()

const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const innermost = (type: Type): Type => (type.is === 'list' || type.is === 'map' ? innermost(type.of) : type)

/** Whether a message, or one inside of it, has a gated field. Messages that contain themselves are looked at once. */
function hasGated(message: Message, seen = new Set<Message>()): boolean {
  if (seen.has(message)) return false
  seen.add(message)
  return Object.values(message.fields).some(({ facts }) => {
    const inner = messageOf(innermost(facts.type))
    return facts.featureGate !== undefined || (inner !== undefined && hasGated(inner, seen))
  })
}

function planOf(message: Message): Plan | undefined {
  const known = plans.get(message)
  if (known !== undefined || plans.has(message)) return known
  plans.set(message, undefined)
  if (!hasGated(message)) return undefined
  const fields = Object.entries(message.fields)
  const plan: Plan = {
    gated: fields.flatMap(([name, { facts }]) => (facts.featureGate ? [{ name, gate: facts.featureGate }] : [])),
    inner: fields.flatMap(([name, { facts }]) => {
      const inner = messageOf(innermost(facts.type))
      return inner && !kept.has(inner) && hasGated(inner) ? [{ name, type: facts.type, plan: () => planOf(inner) }] : []
    }),
  }
  plans.set(message, plan)
  return plan
}

/** What is done to each message of an object: no closures are made for it, since every write passes here. */
type Visit = (plan: Plan, values: Values, used: Set<string>) => void

/** Visits the messages in a member: itself, or those of a list or map. */
function visitMember(type: Type, member: unknown, plan: Plan, used: Set<string>, visit: Visit): void {
  if (type.is === 'list') {
    if (Array.isArray(member)) for (const item of member) visitMember(type.of, item, plan, used, visit)
  } else if (isValues(member)) {
    if (type.is === 'map') for (const key in member) visitMember(type.of, member[key], plan, used, visit)
    else visit(plan, member, used)
  }
}

function findUsed(plan: Plan, values: Values, used: Set<string>): void {
  for (const { name, gate } of plan.gated) if (values[name] !== undefined && values[name] !== null) used.add(gate)
  for (const { name, type, plan: planOfInner } of plan.inner) {
    const member = values[name]
    const inner = member === undefined || member === null ? undefined : planOfInner()
    if (inner) visitMember(type, member, inner, used, findUsed)
  }
}

function isEmpty(values: Values): boolean {
  for (const _ in values) return false
  return true
}

function drop(plan: Plan, values: Values, used: Set<string>): void {
  for (const { name, gate } of plan.gated) if (values[name] !== undefined && !used.has(gate)) delete values[name]
  for (const { name, type, plan: planOfInner } of plan.inner) {
    const member = values[name]
    const inner = member === undefined || member === null ? undefined : planOfInner()
    if (!inner) continue
    const mayVanish = vanishes.has(type) && isValues(member) && !isEmpty(member)
    visitMember(type, member, inner, used, drop)
    if (mayVanish && isEmpty(member)) delete values[name]
  }
}

/** Drops in place; nobody else may hold the object. Costs nothing for kinds without such fields. */
export function dropDisabledFields(kind: Message, object: object, old: object | undefined): void {
  const plan = planOf(kind)
  if (!plan) return
  const used = new Set<string>()
  if (old) findUsed(plan, old as Values, used)
  drop(plan, object as Values, used)
}
