/** The cases that the declarations give: each field of each kind with each value, created, updated and patched. */
import type { Kind } from '../../src/schema/kind.ts'
import type { Random } from '../../src/schema/testing/random-object.ts'
import type { Case, JsonObject, Step } from './case.ts'
import type { Answer } from './connection.ts'
import { absent } from './field-values.ts'
import { type FieldPlace, type Mutation, mutationsAt, partial, placed, placesOf, pointerOf } from './mutations.ts'
import { createdKinds, keyOf, namedSample, pathOf, sampleOf, storedKinds } from './samples.ts'
import { apply, jsonPatch, make, merge, nextNumber, objectOf, step, strategic } from './steps.ts'

/** Which part of all mutations is taken, each between 0 and 1. */
export interface Shares {
  /** Of fields of a message that is met for the first time. */
  readonly first: number
  /** Of fields of a message that another kind has shown already. */
  readonly again: number
  readonly patches: number
}

const stepsPerCase = 25

const statusHolder = (name: string): boolean => name === 'status'
const mainFields = (name: string): boolean => name !== 'status'

class Chooser {
  readonly #random: Random
  readonly #shares: Shares
  readonly #seen = new Set<string>()

  constructor(random: Random, shares: Shares) {
    this.#random = random
    this.#shares = shares
  }

  /** The mutations to make at these places, and whether this is the first time that their fields are met. */
  choose(use: string, places: readonly FieldPlace[]): Mutation[] {
    const first = new Set<string>()
    const chosen: Mutation[] = []
    for (const place of places) {
      const field = `${use} ${place.owner.name}.${place.name}`
      if (!this.#seen.has(field)) {
        this.#seen.add(field)
        first.add(place.text)
      }
      const share = first.has(place.text) ? this.#shares.first : this.#shares.again
      for (const mutation of mutationsAt(place)) if (this.#random() < share) chosen.push(mutation)
    }
    return chosen
  }

  one<T>(of: readonly T[]): T {
    return of[Math.floor(this.#random() * of.length)] as T
  }

  happens(share: number): boolean {
    return this.#random() < share
  }

  get patchShare(): number {
    return this.#shares.patches
  }
}

const labelOf = ({ place, value }: Mutation): string => `${place.text} = ${value.label}`

function* chunks<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size)
}

/** Now and then another way to treat unknown fields than the default one. */
function validationOf(chooser: Chooser): string {
  return chooser.happens(0.1) ? `&fieldValidation=${chooser.one(['Strict', 'Ignore', 'Warn'])}` : ''
}

function* createCases(kind: Kind, chooser: Chooser): Generator<Case> {
  const isStored = storedKinds.includes(kind)
  const chosen = chooser.choose('create', placesOf(kind))
  for (const some of chunks(chosen, stepsPerCase)) {
    const { object } = namedSample(kind, nextNumber())
    if (!isStored && !('metadata' in sampleOf(kind))) delete object.metadata
    yield {
      name: `${keyOf(kind)} create`,
      steps: some.map(mutation => ({
        label: labelOf(mutation),
        method: 'POST',
        path: `${pathOf(kind)}?${isStored ? 'dryRun=All' : ''}${validationOf(chooser)}`,
        body: () => placed(object, mutation.place, mutation.value.value),
      })),
    }
  }
}

function framed(kind: Kind, name: string, object: JsonObject, steps: readonly Step[]): Step[] {
  const path = pathOf(kind, name)
  return [make(kind, path, object), ...steps, step('unmake', 'DELETE', path)]
}

function* updateCases(kind: Kind, chooser: Chooser, subresource: '' | 'status'): Generator<Case> {
  const places = placesOf(kind, subresource === 'status' ? statusHolder : mainFields)
  const chosen = chooser.choose(`update ${subresource}`, places)
  for (const some of chunks(chosen, stepsPerCase)) {
    const { name, object } = namedSample(kind, nextNumber())
    const path = `${pathOf(kind, name)}${subresource === '' ? '' : `/${subresource}`}?dryRun=All`
    const steps = some.map(mutation => ({
      label: labelOf(mutation),
      method: 'PUT',
      path: `${path}${validationOf(chooser)}`,
      body: (answers: readonly Answer[]) => placed(objectOf(answers[0]), mutation.place, mutation.value.value),
    }))
    yield {
      name: `${keyOf(kind)} update${subresource === '' ? '' : ` ${subresource}`}`,
      steps: framed(kind, name, object, steps),
    }
  }
}

const patchTypes = { merge, strategic, json: jsonPatch, apply } as const

function patchStep(kind: Kind, name: string, mutation: Mutation, chooser: Chooser, subresource: string): Step {
  const { place, value } = mutation
  const type = chooser.one(Object.keys(patchTypes) as (keyof typeof patchTypes)[])
  const query = type === 'apply' ? `&fieldManager=other${chooser.happens(0.5) ? '&force=true' : ''}` : ''
  // Chosen here and not in `body`, which is made once for each server.
  const op = chooser.one(['add', 'replace', 'test'])
  return {
    label: `${type}: ${labelOf(mutation)}`,
    method: 'PATCH',
    path: `${pathOf(kind, name)}${subresource}?dryRun=All${query}${validationOf(chooser)}`,
    ...patchTypes[type],
    body: () => {
      if (type === 'json') {
        if (value.value === absent) return [{ op: 'remove', path: pointerOf(place) }]
        return [{ op, path: pointerOf(place), value: value.value }]
      }
      const patch = partial(place, value.value)
      if (type !== 'apply') return patch
      const metadata = typeof patch.metadata === 'object' && !Array.isArray(patch.metadata) ? patch.metadata : {}
      return { apiVersion: kind.apiVersion, kind: kind.gvk.kind, ...patch, metadata: { name, ...metadata } }
    },
  }
}

function* patchCases(kind: Kind, chooser: Chooser, subresource: '' | '/status'): Generator<Case> {
  const places = placesOf(kind, subresource === '' ? mainFields : statusHolder)
  const all = chooser.choose(`patch ${subresource}`, places)
  const chosen = all.filter(() => chooser.happens(chooser.patchShare))
  for (const some of chunks(chosen, stepsPerCase)) {
    const { name, object } = namedSample(kind, nextNumber())
    const steps = some.map(mutation => patchStep(kind, name, mutation, chooser, subresource))
    yield { name: `${keyOf(kind)} patch${subresource.replace('/', ' ')}`, steps: framed(kind, name, object, steps) }
  }
}

/** `only` names the cases to make, by a part of their name. */
export function* generatedCases(random: Random, shares: Shares): Generator<Case> {
  const chooser = new Chooser(random, shares)
  for (const kind of createdKinds) {
    yield* createCases(kind, chooser)
    if (!storedKinds.includes(kind)) continue
    yield* updateCases(kind, chooser, '')
    yield* patchCases(kind, chooser, '')
    if (!kind.resource?.subresources?.status) continue
    yield* updateCases(kind, chooser, 'status')
    yield* patchCases(kind, chooser, '/status')
  }
}
