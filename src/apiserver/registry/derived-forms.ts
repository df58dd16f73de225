/**
 * What was derived from stored bytes (parsed objects, other encodings), least recently used out first, all kinds within
 * one budget. A form is lost at any time and made again on demand.
 */
import type { StoredObject } from './stored-object.ts'

interface Slot {
  readonly owner: StoredObject
  readonly form: string
  readonly value: unknown
  readonly bytes: number
  /** Generation of its last use: moving to the end is skipped while it is recent. */
  usedAt: number
}

export class DerivedForms {
  readonly #budgetBytes: number
  readonly #byObject = new WeakMap<StoredObject, Map<string, Slot>>()
  readonly #slots = new Set<Slot>()
  #bytes = 0
  #tick = 0

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  of(owner: StoredObject, form: string, make: (owner: StoredObject) => { value: unknown; bytes: number }): unknown {
    const known = this.#byObject.get(owner)?.get(form)
    if (known) {
      this.#touch(known)
      return known.value
    }
    const made = make(owner)
    this.put(owner, form, made.value, made.bytes)
    return made.value
  }

  put(owner: StoredObject, form: string, value: unknown, bytes: number): void {
    let forms = this.#byObject.get(owner)
    if (!forms) {
      forms = new Map()
      this.#byObject.set(owner, forms)
    }
    const before = forms.get(form)
    if (before) this.#drop(before)
    const slot: Slot = { owner, form, value, bytes, usedAt: this.#tick }
    forms.set(form, slot)
    this.#slots.add(slot)
    this.#bytes += bytes
    this.#tick++
    if (this.#bytes > this.#budgetBytes) this.#evict()
  }

  has(owner: StoredObject, form: string): boolean {
    return this.#byObject.get(owner)?.has(form) === true
  }

  /** Drops everything derived from an object that was replaced. */
  forget(owner: StoredObject): void {
    const forms = this.#byObject.get(owner)
    if (!forms) return
    for (const slot of [...forms.values()]) this.#drop(slot)
  }

  #touch(slot: Slot): void {
    // A slot used within the newest quarter of insertions is recent enough to stay where it is.
    if (this.#tick - slot.usedAt < this.#slots.size >> 2) return
    this.#slots.delete(slot)
    this.#slots.add(slot)
    slot.usedAt = this.#tick++
  }

  #drop(slot: Slot): void {
    if (!this.#slots.delete(slot)) return
    this.#bytes -= slot.bytes
    this.#byObject.get(slot.owner)?.delete(slot.form)
  }

  #evict(): void {
    for (const slot of this.#slots) {
      if (this.#bytes <= this.#budgetBytes) return
      this.#drop(slot)
    }
  }
}
