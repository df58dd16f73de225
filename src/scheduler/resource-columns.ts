/** Amounts of every resource on every node, a column a resource: what fit and scores read in their innermost loops. */

/** Distinct resources that a cluster may have; those beyond it are not known to any node. */
const maxColumns = 1000

export interface ResourceColumn {
  readonly name: string
  allocatable: Float64Array
  requested: Float64Array
}

export class ResourceColumns {
  readonly #byName = new Map<string, ResourceColumn>()
  #capacity = 64
  /** With a little for pods that ask for nothing; only for scores. */
  nonZeroMilliCpu = new Float64Array(this.#capacity)
  nonZeroMemoryBytes = new Float64Array(this.#capacity)
  readonly cpu: ResourceColumn = this.column('cpu')!
  readonly memory: ResourceColumn = this.column('memory')!
  /** Number of pods. */
  readonly pods: ResourceColumn = this.column('pods')!

  /** The column of a resource, made if new; undefined if there are too many. */
  column(name: string): ResourceColumn | undefined {
    let column = this.#byName.get(name)
    if (column === undefined && this.#byName.size < maxColumns) {
      column = { name, allocatable: new Float64Array(this.#capacity), requested: new Float64Array(this.#capacity) }
      this.#byName.set(name, column)
    }
    return column
  }

  columns(): Iterable<ResourceColumn> {
    return this.#byName.values()
  }

  /** Makes room for a node's row. */
  reserve(index: number): void {
    if (index < this.#capacity) return
    while (index >= this.#capacity) this.#capacity *= 2
    const grown = (old: Float64Array) => {
      const array = new Float64Array(this.#capacity)
      array.set(old)
      return array
    }
    for (const column of this.#byName.values()) {
      column.allocatable = grown(column.allocatable)
      column.requested = grown(column.requested)
    }
    this.nonZeroMilliCpu = grown(this.nonZeroMilliCpu)
    this.nonZeroMemoryBytes = grown(this.nonZeroMemoryBytes)
  }

  clear(index: number): void {
    for (const column of this.#byName.values()) {
      column.allocatable[index] = 0
      column.requested[index] = 0
    }
    this.nonZeroMilliCpu[index] = 0
    this.nonZeroMemoryBytes[index] = 0
  }
}
