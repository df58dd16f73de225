/** Changes that the server itself makes to stored objects, past admission: for its admission plugins. */
import { modifiedError } from '../../machinery/api-error.ts'
import type { Kind } from '../../schema/kind.ts'
import { cloneJson } from './clone.ts'
import { commitPut, storedBytes } from './commit.ts'
import { withCurrent } from './current.ts'
import type { RegistryDeps } from './registry-deps.ts'
import type { ResourceTable } from './resource-table.ts'
import type { ObjectJson } from './stored-object.ts'

export interface ObjectWriter {
  /**
   * Replaces an object by what `change` makes of it, which may be called again on a newer one. What `change` throws is
   * thrown; an object that is gone is left alone.
   */
  change<T>(kind: Kind<T>, namespace: string, name: string, change: (current: T) => T): Promise<void>
}

export class RegistryWriter implements ObjectWriter {
  readonly #table: ResourceTable
  readonly #deps: () => RegistryDeps

  constructor(table: ResourceTable, deps: () => RegistryDeps) {
    this.#table = table
    this.#deps = deps
  }

  async change<T>(kind: Kind<T>, namespace: string, name: string, change: (current: T) => T): Promise<void> {
    const resource = this.#table.ofKind(kind)
    if (!resource) throw new RangeError(`${kind.gvk.kind} is not served`)
    const deps = this.#deps()
    const done = await withCurrent(deps, resource, namespace, name, async current => {
      if (!current) return 'gone'
      const object = cloneJson(change(current.object as T)) as ObjectJson
      const bytes = storedBytes(resource, object)
      if (bytes.equals(current.bytes)) return 'same'
      const wish = { key: current.key, object, bytes, previousRevision: current.revision, side: undefined }
      return (await commitPut(deps, resource, wish)) && 'written'
    })
    if (done === undefined) throw modifiedError(resource.group, resource.plural, name)
  }
}
