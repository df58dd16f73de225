/** How the server writes to itself at start: requests through its own chain, as `system:apiserver` in `system:masters`. */
import { isAlreadyExists, isNotFound } from '../../machinery/api-error.ts'
import type { Kind } from '../../schema/kind.ts'
import type { UserInfo } from '../authentication/authenticator.ts'

export const apiserverUser: UserInfo = {
  username: 'system:apiserver',
  groups: ['system:masters', 'system:authenticated'],
}

export interface BootstrapRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** Of the body; absent: application/json. */
  readonly contentType?: string
}

/** One request through the chain; failures are thrown as ApiError. A client's transport has this shape. */
export interface Requester {
  request(request: BootstrapRequest): Promise<unknown>
}

interface Named {
  readonly metadata?: { readonly name?: string; readonly namespace?: string }
}

function pathOf(kind: Kind, namespace: string, name = '', subresource = ''): string {
  const { group, version } = kind.gvk
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const scope = kind.resource?.namespaced && namespace !== '' ? `/namespaces/${namespace}` : ''
  const tail = [name, subresource].filter(part => part !== '').map(part => `/${encodeURIComponent(part)}`)
  return `${root}${scope}/${kind.resource?.plural}${tail.join('')}`
}

export class BootstrapApi {
  readonly #requester: Requester
  readonly #query = { fieldManager: 'kube-apiserver' }

  constructor(requester: Requester) {
    this.#requester = requester
  }

  async list<T>(kind: Kind<T>, namespace: string): Promise<readonly T[]> {
    const list = await this.#requester.request({ method: 'GET', path: pathOf(kind, namespace) })
    return (list as { items?: T[] }).items ?? []
  }

  async get<T>(kind: Kind<T>, namespace: string, name: string): Promise<T | undefined> {
    try {
      return (await this.#requester.request({ method: 'GET', path: pathOf(kind, namespace, name) })) as T
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  /** False where another server was first. */
  async create<T>(kind: Kind<T>, object: Named): Promise<boolean> {
    const path = pathOf(kind, object.metadata?.namespace ?? '')
    try {
      await this.#requester.request({ method: 'POST', path, body: typed(kind, object), query: this.#query })
      return true
    } catch (error) {
      if (isAlreadyExists(error)) return false
      throw error
    }
  }

  async update<T>(kind: Kind<T>, object: Named, subresource = ''): Promise<void> {
    const { namespace = '', name = '' } = object.metadata ?? {}
    const path = pathOf(kind, namespace, name, subresource)
    await this.#requester.request({ method: 'PUT', path, body: typed(kind, object), query: this.#query })
  }

  /** Server-side apply of what `fieldManager` says of an object's status. */
  async applyStatus<T>(kind: Kind<T>, object: Named, fieldManager: string): Promise<void> {
    const { namespace = '', name = '' } = object.metadata ?? {}
    await this.#requester.request({
      method: 'PATCH',
      path: pathOf(kind, namespace, name, 'status'),
      body: typed(kind, object),
      query: { fieldManager, force: 'true' },
      contentType: 'application/apply-patch+yaml',
    })
  }

  async delete<T>(kind: Kind<T>, namespace: string, name: string): Promise<void> {
    try {
      await this.#requester.request({ method: 'DELETE', path: pathOf(kind, namespace, name) })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}

const typed = (kind: Kind, object: object) => ({ kind: kind.gvk.kind, apiVersion: kind.apiVersion, ...object })
