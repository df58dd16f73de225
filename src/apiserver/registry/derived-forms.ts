/**
 * What was derived from stored bytes (parsed objects, other encodings), least recently used out first, all kinds within
 * one budget. A form is lost at any time and made again on demand. Parsed objects are on trial first: most are asked for
 * by the write that makes or replaces them and by nobody after it, and to keep them all makes collecting garbage dear.
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
  /** In the ring of those on trial instead of the list by use. */
  onTrial: boolean
}

/** So many forms are on trial at most. */
const maxOnTrial = 64
/** And so large a part of the budget. */
const trialPart = 0.125

export class DerivedForms {
  readonly #budgetBytes: number
  #oldest: Slot | undefined
  #newest: Slot | undefined
  #bytes = 0
  readonly #trial: Slot[] = []
  #trialBytes = 0

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  of(owner: StoredObject, form: string, make: (owner: StoredObject) => { value: unknown; bytes: number }): unknown {
    const known = this.use(owner, form)
    if (known !== undefined) return known
    const made = make(owner)
    this.put(owner, form, made.value, made.bytes)
    return made.value
  }

  /** The form where it is there. */
  use(owner: StoredObject, form: string): unknown {
    const slot = slotOf(owner, form)
    if (slot) this.#use(slot)
    return slot?.value
  }

  put(owner: StoredObject, form: string, value: unknown, bytes: number): void {
    this.#append(this.#newSlot(owner, form, value, bytes, false))
    while (this.#bytes > this.#budgetBytes && this.#oldest) this.#drop(this.#oldest)
  }

  /** Kept for long only if it is used again while the next few are put. */
  putOnTrial(owner: StoredObject, form: string, value: unknown, bytes: number): void {
    const slot = this.#newSlot(owner, form, value, bytes, true)
    this.#trial.push(slot)
    this.#trialBytes += bytes
    while (this.#trial.length > maxOnTrial || this.#trialBytes > this.#budgetBytes * trialPart) {
      const first = this.#trial.shift()
      if (!first) return
      this.#trialBytes -= first.bytes
      if (first.onTrial) this.#drop(first)
    }
  }

  #newSlot(owner: StoredObject, form: string, value: unknown, bytes: number, onTrial: boolean): Slot {
    const before = slotOf(owner, form)
    if (before) this.#drop(before)
    const links = { sibling: owner.slots, older: undefined, newer: undefined }
    const slot: Slot = { owner, form, value, bytes, ...links, onTrial }
    owner.slots = slot
    this.#bytes += bytes
    return slot
  }

  /** The form where it is there; this is no use of it. */
  known(owner: StoredObject, form: string): unknown {
    return slotOf(owner, form)?.value
  }

  /** Drops everything derived from an object that was replaced: hardly anyone asks for it again. */
  forget(owner: StoredObject): void {
    while (owner.slots) this.#drop(owner.slots)
  }

  #use(slot: Slot): void {
    if (slot === this.#newest) return
    if (slot.onTrial) slot.onTrial = false
    else this.#unlink(slot)
    this.#append(slot)
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
    // The ring lets go of it in its turn.
    if (slot.onTrial) slot.onTrial = false
    else this.#unlink(slot)
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
