/**
 * Finds objects by the value of a label. A label is indexed from the first selector on that asks for it, so that writes
 * pay only for labels that someone selects by. Bounded: the label that was asked for longest ago gives way.
 */
import type { Requirement } from '../../machinery/selectors/requirement.ts'
import type { StoredObject } from '../registry/stored-object.ts'

const maxLabels = 8
/** Fewer objects are looked through faster than indexed. */
const worthObjects = 64
/** A value that more than this part of all objects have saves too little. */
const worthPart = 0.25

/** Keys of objects by the value of one label. */
type Values = Map<string, Set<string>>

export class LabelIndex {
  /** In the order of their last use. */
  readonly #labels = new Map<string, Values>()

  /** Keys, unordered, among which everything is that fulfils the requirements; undefined: look through all. */
  find(requirements: readonly Requirement[], all: () => readonly StoredObject[], size: number): string[] | undefined {
    if (size < worthObjects) return undefined
    let best: ReadonlySet<string>[] | undefined
    let bestSize = size * worthPart
    for (const { key, operator, values } of requirements) {
      if (operator !== '=' && operator !== '==' && operator !== 'in') continue
      const index = this.#indexOf(key, all)
      const sets = values.map(value => index.get(value)).filter(keys => keys !== undefined)
      const found = sets.reduce((sum, keys) => sum + keys.size, 0)
      if (found > bestSize) continue
      best = sets
      bestSize = found
    }
    return best?.flatMap(keys => [...keys])
  }

  /** Takes in a change of one object. */
  changed(previous: StoredObject | undefined, current: StoredObject | undefined): void {
    if (this.#labels.size === 0) return
    const before = previous?.facts.labels
    const now = current?.facts.labels
    for (const [label, values] of this.#labels) {
      const old = before?.[label]
      const value = now?.[label]
      if (old === value) continue
      if (old !== undefined) remove(values, old, (previous as StoredObject).key)
      if (value !== undefined) add(values, value, (current as StoredObject).key)
    }
  }

  /** Everything is read anew. */
  clear(): void {
    this.#labels.clear()
  }

  #indexOf(label: string, all: () => readonly StoredObject[]): Values {
    let values = this.#labels.get(label)
    if (values) this.#labels.delete(label)
    else {
      values = new Map()
      for (const object of all()) {
        const value = object.facts.labels[label]
        if (value !== undefined) add(values, value, object.key)
      }
      for (const oldest of this.#labels.keys()) {
        if (this.#labels.size < maxLabels) break
        this.#labels.delete(oldest)
      }
    }
    this.#labels.set(label, values)
    return values
  }
}

function add(values: Values, value: string, key: string): void {
  const keys = values.get(value)
  if (keys) keys.add(key)
  else values.set(value, new Set([key]))
}

function remove(values: Values, value: string, key: string): void {
  const keys = values.get(value)
  keys?.delete(key)
  if (keys?.size === 0) values.delete(value)
}
