/** Numbers by topology domain: by label key, then by value. */
export class TopologyCounts {
  readonly #counts = new Map<string, Map<string, number>>()

  add(key: string, value: string, amount: number): void {
    let values = this.#counts.get(key)
    if (values === undefined) {
      values = new Map()
      this.#counts.set(key, values)
    }
    values.set(value, (values.get(value) ?? 0) + amount)
  }

  get(key: string, value: string): number {
    return this.#counts.get(key)?.get(value) ?? 0
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0
  }

  /** The number at the node's domain of each key it has a label for, added up. */
  sumFor(labels: Readonly<Record<string, string>> | undefined): number {
    let sum = 0
    for (const [key, values] of this.#counts) {
      const value = labels?.[key]
      if (value !== undefined) sum += values.get(value) ?? 0
    }
    return sum
  }
}
