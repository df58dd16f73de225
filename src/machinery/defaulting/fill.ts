/** What the declarations alone say of defaults, compiled once per message: fields always present, static defaults, canonical quantities. */
import { type FieldFacts, messageOf } from '../../schema/field.ts'
import type { Message, Type } from '../../schema/type.ts'
import { canonicalQuantity, canonicalResourceAmount } from '../quantity.ts'

type Values = Record<string, unknown>
type Step = (values: Values) => void

const fillers = new Map<Message, readonly Step[]>()

const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Fills a value of a message in place. */
export function fillMessage(message: Message, values: Values): void {
  for (const step of stepsOf(message)) step(values)
}

function stepsOf(message: Message): readonly Step[] {
  const known = fillers.get(message)
  if (known) return known
  const steps: Step[] = []
  fillers.set(message, steps)
  for (const [name, field] of Object.entries(message.fields)) {
    const step = stepOf(name, field.facts)
    if (step) steps.push(step)
  }
  return steps
}

function stepOf(name: string, facts: FieldFacts): Step | undefined {
  const deepen = deepStep(name, facts.type)
  const initial = initialOf(facts)
  if (!initial) return deepen
  return values => {
    if (values[name] === undefined || values[name] === null) values[name] = initial()
    deepen?.(values)
  }
}

/** What an unset field starts with, if anything. Lists and maps are never invented; what is shown as null is so on encoding. */
function initialOf({ type, always, defaultValue }: FieldFacts): (() => unknown) | undefined {
  if (defaultValue !== undefined) return () => structuredClone(defaultValue)
  if (!always) return undefined
  if (type.is === 'message' || type.is === 'reference')
    return messageOf(type)?.options.listForm ? undefined : () => ({})
  if (type.is === 'enum') return () => ''
  if (type.is !== 'scalar') return undefined
  switch (type.name) {
    case 'bool':
      return () => false
    case 'string':
    case 'bytes':
      return () => ''
    case 'quantity':
      return () => '0'
    case 'int32':
    case 'int64':
    case 'uint32':
    case 'uint64':
    case 'double':
    case 'intOrString':
      return () => 0
    default:
      return undefined
  }
}

function deepStep(name: string, type: Type): Step | undefined {
  if (type.is === 'scalar' && type.name === 'quantity') {
    return values => {
      const text = values[name]
      if (typeof text === 'string') values[name] = canonicalQuantity(text)
    }
  }
  if (type.is === 'message' || type.is === 'reference') {
    if (type.is === 'message' && isInert(type)) return undefined
    return values => {
      const inner = values[name]
      if (isValues(inner)) fillMessage(messageOf(type)!, inner)
    }
  }
  if (type.is === 'list') return listStep(name, type.of)
  return type.is === 'map' ? mapStep(name, type.of) : undefined
}

function listStep(name: string, of: Type): Step | undefined {
  if (of.is === 'enum' || (of.is === 'scalar' && of.name !== 'quantity') || of.is === 'map' || of.is === 'list')
    return undefined
  if (of.is === 'message' && isInert(of)) return undefined
  return values => {
    const list = values[name]
    if (!Array.isArray(list)) return
    for (let i = 0; i < list.length; i++) {
      if (isValues(list[i])) fillMessage(messageOf(of)!, list[i])
      else if (of.is === 'scalar') list[i] = canonicalQuantity(String(list[i]))
    }
  }
}

function mapStep(name: string, of: Type): Step | undefined {
  const isQuantity = of.is === 'scalar' && of.name === 'quantity'
  if (!isQuantity && of.is !== 'message' && of.is !== 'reference') return undefined
  return values => {
    const map = values[name]
    if (!isValues(map)) return
    for (const key of Object.keys(map)) {
      const inner = map[key]
      if (isQuantity) map[key] = canonicalResourceAmount(String(inner))
      else if (isValues(inner)) fillMessage(messageOf(of)!, inner)
    }
  }
}

/** Whether nothing inside a message is ever filled. Messages that refer to themselves count as active. */
function isInert(message: Message): boolean {
  if (message.options.listForm) return true
  return !fillers.has(message) && Object.values(message.fields).every(field => isInertField(field.facts))
}

function isInertField(facts: FieldFacts): boolean {
  return initialOf(facts) === undefined && isInertType(facts.type)
}

function isInertType(type: Type): boolean {
  switch (type.is) {
    case 'scalar':
      return type.name !== 'quantity'
    case 'enum':
      return true
    case 'list':
    case 'map':
      return isInertType(type.of)
    case 'message':
      return isInert(type)
    case 'reference':
      return false
  }
}
