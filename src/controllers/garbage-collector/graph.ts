/** Who owns whom, by UID (documentation: "Garbage Collection"). Holds names and references, never whole objects. */
import type { OwnerReference } from '../../api/meta/v1/object-meta.ts'
import type { Kind } from '../../schema/kind.ts'

export interface GraphNode {
  readonly kind: Kind
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
  readonly owners: readonly OwnerReference[]
  readonly finalizers: readonly string[]
  readonly deleting: boolean
}

export const foreground = 'foregroundDeletion'
export const orphan = 'orphan'

/** Being deleted, after its dependents are. */
export const isDeletingDependents = (node: GraphNode): boolean => node.deleting && node.finalizers.includes(foreground)

const none: ReadonlySet<string> = new Set()

export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>()
  readonly #dependents = new Map<string, Set<string>>()

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid)
  }

  all(): Iterable<GraphNode> {
    return this.#nodes.values()
  }

  dependentsOf(uid: string): GraphNode[] {
    return [...(this.#dependents.get(uid) ?? none)].flatMap(dependent => this.#nodes.get(dependent) ?? [])
  }

  put(node: GraphNode): void {
    this.remove(node.uid)
    this.#nodes.set(node.uid, node)
    for (const { uid } of node.owners) {
      const dependents = this.#dependents.get(uid) ?? new Set()
      this.#dependents.set(uid, dependents.add(node.uid))
    }
  }

  remove(uid: string): void {
    for (const owner of this.#nodes.get(uid)?.owners ?? []) {
      const dependents = this.#dependents.get(owner.uid)
      dependents?.delete(uid)
      if (dependents?.size === 0) this.#dependents.delete(owner.uid)
    }
    this.#nodes.delete(uid)
  }
}
