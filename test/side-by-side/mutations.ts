/** Walks a declaration and gives every change of one field to a sample. */
import { type FieldFacts, messageOf } from '../../src/schema/field.ts'
import type { Message, Type } from '../../src/schema/type.ts'
import type { Json, JsonObject } from './case.ts'
import { absent, type FieldValue, valuesFor } from './field-values.ts'
import { plausibleOf } from './minimal.ts'

export interface FieldPlace {
  /** As `spec.containers[0].name`. */
  readonly text: string
  readonly steps: readonly PlaceStep[]
  readonly facts: FieldFacts
  /** The message that holds the field. */
  readonly owner: Message
  readonly name: string
}

interface PlaceStep {
  readonly key: string | number
  /** What stands there if the sample has nothing. */
  readonly made: () => Json
  /** Members that exclude this one. */
  readonly others: readonly string[]
}

export interface Mutation {
  readonly place: FieldPlace
  readonly value: FieldValue
}

const shortName = (message: Message): string => message.name.slice(message.name.lastIndexOf('.') + 1)

/** Messages whose members exclude each other although no declaration says so: by default those that are embedded. */
const exclusive: ReadonlySet<string> = new Set([
  'LifecycleHandler',
  'EnvVarSource',
  'EnvFromSource',
  'VolumeProjection',
])
const notExclusive: ReadonlySet<string> = new Set([
  'EphemeralContainer',
  'NamedRuleWithOperations',
  'RuleWithOperations',
])
const beside: ReadonlySet<string> = new Set(['prefix'])

function othersOf(message: Message, name: string): string[] {
  const owner = shortName(message)
  if (notExclusive.has(owner) || beside.has(name)) return []
  const isMember = (member: string) =>
    exclusive.has(owner) ? !beside.has(member) : message.fields[member]?.facts.inlineTags !== undefined
  return isMember(name) ? Object.keys(message.fields).filter(other => other !== name && isMember(other)) : []
}

/** Messages within messages are walked so deep; a message within itself, twice. */
const maxDepth = 14
const maxRepeats = 2

/** The fields that the server alone fills in: their values mean nothing when a client sends them. */
const skipped: ReadonlySet<string> = new Set(['managedFields', 'selfLink'])

/** Every field of a message, at every depth, parents first. */
export function placesOf(message: Message, only: (name: string) => boolean = () => true): FieldPlace[] {
  const places: FieldPlace[] = []
  walkMessage(message, '', [], [message], places, only)
  return places
}

function walkMessage(
  message: Message,
  text: string,
  steps: readonly PlaceStep[],
  within: readonly Message[],
  places: FieldPlace[],
  only: (name: string) => boolean,
): void {
  if (message.options.listForm || message.options.choice || within.length > maxDepth) return
  for (const [name, { facts }] of Object.entries(message.fields)) {
    if (!only(name) || skipped.has(name)) continue
    const path = text === '' ? name : `${text}.${name}`
    const step = { key: name, made: () => plausibleOf(name, facts.type, 0), others: othersOf(message, name) }
    places.push({ text: path, steps: [...steps, step], facts, owner: message, name })
    walkType(facts.type, path, [...steps, step], within, places)
  }
}

function walkType(
  type: Type,
  text: string,
  steps: readonly PlaceStep[],
  within: readonly Message[],
  places: FieldPlace[],
): void {
  if (type.is === 'list' || type.is === 'map') {
    const key = type.is === 'list' ? 0 : 'k'
    const step = { key, made: () => plausibleOf('', type.of, 0), others: [] }
    walkType(type.of, `${text}[${key}]`, [...steps, step], within, places)
    return
  }
  const message = messageOf(type)
  if (!message || within.filter(outer => outer === message).length >= maxRepeats) return
  walkMessage(message, text, steps, [...within, message], places, () => true)
}

/** A copy of the object with the value in its place; what lies on the way is made. */
export function placed(object: JsonObject, place: FieldPlace, value: Json | typeof absent): JsonObject {
  const copy = structuredClone(object)
  let at: JsonObject | Json[] = copy
  place.steps.forEach(({ key, made, others }, i) => {
    const last = i === place.steps.length - 1
    const holder = at as Record<string | number, Json>
    if (others.length > 0) for (const other of others) delete holder[other]
    if (last) {
      if (value === absent) delete holder[key]
      else holder[key] = value
      return
    }
    const next = holder[key]
    if (next === null || typeof next !== 'object') holder[key] = made()
    const inside = holder[key]
    at = (inside !== null && typeof inside === 'object' ? inside : {}) as JsonObject | Json[]
    if (Array.isArray(at) && at.length === 0) at.push(place.steps[i + 1]!.made())
  })
  return copy
}

/** Only the value and what leads to it: a merge patch. */
export function partial(place: FieldPlace, value: Json | typeof absent): JsonObject {
  const filled = placed({}, place, value === absent ? null : value)
  return filled
}

/** The RFC 6901 pointer to a place. */
export const pointerOf = (place: FieldPlace): string =>
  place.steps.map(({ key }) => `/${String(key).replace(/~/g, '~0').replace(/\//g, '~1')}`).join('')

export const mutationsAt = (place: FieldPlace): Mutation[] =>
  valuesFor(place.name, place.facts).map(value => ({ place, value }))
