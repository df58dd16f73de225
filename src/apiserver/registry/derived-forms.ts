/**
 * What was derived from stored bytes (parsed objects, other encodings), least recently used out first, all kinds within
 * one budget. A form is lost at any time and made again on demand.
 */
import type { StoredObject } from './stored-object.ts'

/** A form in two lists: of its object's forms, and of all forms by their last use. */
export interface Slot {
  readonly owner: StoredObject
  readonly form: string
  readonly value: unknown
  readonly bytes: number
  /** The next form of the same object. */
  sibling: Slot | undefined
  older: Slot | undefined
  newer: Slot | undefined
}

export class DerivedForms {
  readonly #budgetBytes: number
  #oldest: Slot | undefined
  #newest: Slot | undefined
  #bytes = 0

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  of(owner: StoredObject, form: string, make: (owner: StoredObject) => { value: unknown; bytes: number }): unknown {
    const known = slotOf(owner, form)
    if (known) {
      if (known !== this.#newest) {
        this.#unlink(known)
        this.#append(known)
      }
      return known.value
    }
    const made = make(owner)
    this.put(owner, form, made.value, made.bytes)
    return made.value
  }

  put(owner: StoredObject, form: string, value: unknown, bytes: number): void {
    const before = slotOf(owner, form)
    if (before) this.#drop(before)
    const slot: Slot = { owner, form, value, bytes, sibling: owner.slots, older: undefined, newer: undefined }
    owner.slots = slot
    this.#append(slot)
    this.#bytes += bytes
    while (this.#bytes > this.#budgetBytes && this.#oldest) this.#drop(this.#oldest)
  }

  /** The form where it is there; this is no use of it. */
  known(owner: StoredObject, form: string): unknown {
    return slotOf(owner, form)?.value
  }

  /** Drops everything derived from an object that was replaced: hardly anyone asks for it again. */
  forget(owner: StoredObject): void {
    while (owner.slots) this.#drop(owner.slots)
  }

  #append(slot: Slot): void {
    slot.older = this.#newest
    slot.newer = undefined
    if (this.#newest) this.#newest.newer = slot
    else this.#oldest = slot
    this.#newest = slot
  }

  #unlink({ older, newer }: Slot): void {
    if (older) older.newer = newer
    else this.#oldest = newer
    if (newer) newer.older = older
    else this.#newest = older
  }

  #drop(slot: Slot): void {
    this.#unlink(slot)
    this.#bytes -= slot.bytes
    const { owner } = slot
    if (owner.slots === slot) owner.slots = slot.sibling
    else {
      let before = owner.slots
      while (before && before.sibling !== slot) before = before.sibling
      if (before) before.sibling = slot.sibling
    }
  }
}

function slotOf(owner: StoredObject, form: string): Slot | undefined {
  let slot = owner.slots
  while (slot && slot.form !== form) slot = slot.sibling
  return slot
}
