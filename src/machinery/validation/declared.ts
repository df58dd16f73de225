/** The rules that declarations state of single fields: required, enum values, immutability and their own validators. */
import { type Choice, choiceOf } from '../../schema/choice.ts'
import { type FieldFacts, messageOf, type ValidationContext, type Validator } from '../../schema/field.ts'
import { notSupported, required } from '../../schema/field-error.ts'
import type { Message, Type } from '../../schema/type.ts'
import { checkImmutable, type Errors, isSame } from './checks.ts'
import { hasOwnValueRule, mayBeEmpty } from './required-exceptions.ts'

type Values = Readonly<Record<string, unknown>>

interface Walk {
  readonly out: Errors
  readonly context: ValidationContext
}

type Check = (values: Values, old: Values | undefined, path: string, walk: Walk) => void
type ValueCheck = (value: unknown, old: unknown, path: string, walk: Walk) => void

const checksByMessage = new Map<Message, readonly Check[]>()

const valuesOf = (value: unknown): Values | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : undefined

const joined = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

/** Checks the fields of a message's value. `only` names the top-level fields to look at. */
export function checkDeclared(
  out: Errors,
  message: Message,
  values: Values,
  old: Values | undefined,
  context: ValidationContext,
  only: (field: string) => boolean,
): void {
  const walk = { out, context }
  for (const { name, check } of namedChecksOf(message)) if (only(name)) check(values, old, '', walk)
}

interface NamedCheck {
  readonly name: string
  readonly check: Check
}

const namedChecks = new WeakMap<Message, readonly NamedCheck[]>()

function namedChecksOf(message: Message): readonly NamedCheck[] {
  let checks = namedChecks.get(message)
  if (!checks) {
    checks = Object.entries(message.fields).flatMap(([name, { facts }]) => {
      const check = fieldCheck(message, name, facts)
      return check ? [{ name, check }] : []
    })
    namedChecks.set(message, checks)
  }
  return checks
}

function runMessage(message: Message, value: unknown, old: unknown, path: string, walk: Walk): void {
  const choice = message.options.choice ? choiceOf(message) : undefined
  if (choice) {
    runChoice(choice, value, old, path, walk)
    return
  }
  const values = valuesOf(value)
  if (!values) return
  const before = valuesOf(old)
  for (const check of checksOf(message)) check(values, before, path, walk)
}

function runChoice({ object, other }: Choice, value: unknown, old: unknown, path: string, walk: Walk): void {
  const { facts } = valuesOf(value) ? object : other
  valueCheck(facts.type, facts)?.(value, old, path, walk)
}

function checksOf(message: Message): readonly Check[] {
  const known = checksByMessage.get(message)
  if (known) return known
  const checks: Check[] = []
  checksByMessage.set(message, checks)
  for (const [name, field] of Object.entries(message.fields)) {
    const check = fieldCheck(message, name, field.facts)
    if (check) checks.push(check)
  }
  return checks
}

function fieldCheck(message: Message, name: string, facts: FieldFacts): Check | undefined {
  const isRequired = facts.required && !mayBeEmpty(message.name, name)
  const inner = hasOwnValueRule(message.name, name) ? undefined : valueCheck(facts.type, facts)
  const validators = facts.validators as readonly Validator<unknown>[]
  if (!isRequired && !inner && !facts.immutable && validators.length === 0) return undefined
  return (values, old, path, walk) => {
    const value = values[name]
    const before = old?.[name]
    const isAbsent = value === undefined || value === null
    // Most fields are absent most of the time: a path is text to be made.
    if (isAbsent && !isRequired && (before === undefined || !facts.immutable)) return
    const at = joined(path, name)
    if (isRequired && isMissing(value, facts.type) && !isReported(at)) {
      walk.out.push(required(at))
      return
    }
    if (facts.immutable && old !== undefined && !checkImmutable(walk.out, at, value, before)) return
    if (isAbsent) return
    for (const validate of validators)
      for (const error of validate(value, before, at, walk.context)) walk.out.push(error)
    inner?.(value, before, at, walk)
  }
}

/** Components report status as far as they know it: what OpenAPI calls required there is not demanded. */
const isReported = (path: string): boolean => path.startsWith('status.')

/** Zero is a number given; an empty text or list is none. */
function isMissing(value: unknown, type: Type): boolean {
  if (value === undefined || value === null) return !isNumber(type)
  return value === '' || (Array.isArray(value) && value.length === 0)
}

const isNumber = (type: Type): boolean => type.is === 'scalar' && /^(u?int(32|64)|double|bool)$/.test(type.name)

function valueCheck(type: Type, facts: FieldFacts): ValueCheck | undefined {
  switch (type.is) {
    case 'scalar':
      return undefined
    case 'enum':
      return (value, old, path, { out }) => {
        // Where presence is told from zero, an empty text was given.
        if (
          (value === '' && !facts.explicit) ||
          value === old ||
          path === 'status.phase' ||
          type.values.includes(String(value))
        )
          return
        out.push(notSupported(path, value, type.values.toSorted()))
      }
    case 'list':
      return listCheck(type.of, facts)
    case 'map': {
      const inner = valueCheck(type.of, facts)
      if (!inner) return undefined
      return (value, old, path, walk) => {
        const before = valuesOf(old)
        for (const [key, item] of Object.entries(valuesOf(value) ?? {}))
          inner(item, before?.[key], `${path}[${key}]`, walk)
      }
    }
    case 'message':
    case 'reference':
      return (value, old, path, walk) => runMessage(messageOf(type)!, value, old, path, walk)
  }
}

function listCheck(of: Type, facts: FieldFacts): ValueCheck | undefined {
  const inner = valueCheck(of, of.is === 'enum' ? { ...facts, explicit: true } : facts)
  if (!inner) return undefined
  const keys = facts.listKind === 'map' ? (facts.listKeys ?? []) : []
  return (value, old, path, walk) => {
    if (!Array.isArray(value)) return
    const before: readonly unknown[] = Array.isArray(old) ? old : []
    value.forEach((item, i) => {
      inner(item, partner(item, before, i, keys), `${path}[${i}]`, walk)
    })
  }
}

/** The item of the old list that is the same thing: by its keys, else at the same place. */
function partner(item: unknown, old: readonly unknown[], index: number, keys: readonly string[]): unknown {
  if (keys.length === 0) return old[index]
  const values = valuesOf(item)
  return old.find(other => {
    const before = valuesOf(other)
    return before !== undefined && keys.every(key => isSame(before[key], values?.[key]))
  })
}
