/** The role bindings that there are, found by their subjects. Kept up to date by the server's own caches. */
import { ClusterRoleBinding } from '../../api/rbac/v1/cluster-role-binding.ts'
import { RoleBinding } from '../../api/rbac/v1/role-binding.ts'
import type { RoleRef, Subject } from '../../api/rbac/v1/rules.ts'
import type { UserInfo } from '../authentication/authenticator.ts'
import { serviceAccountUsername } from '../authentication/users.ts'
import type { ObjectReader } from '../registry/object-reader.ts'

export interface Grant {
  /** '' for a ClusterRoleBinding. */
  readonly namespace: string
  readonly binding: string
  readonly roleRef: RoleRef
  readonly subject: Subject
}

interface Binding {
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly subjects?: readonly Subject[]
  readonly roleRef: RoleRef
}

/** Users and groups have one key space each; a service account is the user that it logs in as. */
function subjectKey(subject: Subject, bindingNamespace: string): string | undefined {
  switch (subject.kind) {
    case 'User':
      return `u:${subject.name}`
    case 'Group':
      return `g:${subject.name}`
    case 'ServiceAccount': {
      const namespace = subject.namespace || bindingNamespace
      return namespace === '' ? undefined : `u:${serviceAccountUsername(namespace, subject.name)}`
    }
    default:
      return undefined
  }
}

/** Grants by scope ('' or a namespace), then by subject, then by binding and position in it. */
type Index = Map<string, Map<string, Map<string, Grant>>>

export class RbacBindings {
  readonly #index: Index = new Map()
  readonly #indexed = new Map<string, Binding>()
  readonly #stops: (() => void)[]

  constructor(reader: ObjectReader) {
    // What was indexed is remembered here: a grant must go even if the change does not tell what was before.
    const follow = ({ type, object }: { type: string; object: Binding }) => {
      const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`
      const indexed = this.#indexed.get(key)
      if (indexed) this.#remove(indexed)
      this.#indexed.delete(key)
      if (type === 'deleted') return
      this.#indexed.set(key, object)
      this.#add(object)
    }
    this.#stops = [reader.subscribe(ClusterRoleBinding, follow), reader.subscribe(RoleBinding, follow)]
  }

  close(): void {
    for (const stop of this.#stops) stop()
  }

  /** What is granted to a user cluster-wide, then in `namespace` where that is not ''. */
  *grantsOf(user: UserInfo, namespace: string): Generator<Grant> {
    for (const scope of namespace === '' ? [''] : ['', namespace]) {
      const bySubject = this.#index.get(scope)
      if (!bySubject) continue
      yield* bySubject.get(`u:${user.username}`)?.values() ?? []
      for (const group of user.groups) yield* bySubject.get(`g:${group}`)?.values() ?? []
    }
  }

  #add({ metadata, subjects = [], roleRef }: Binding): void {
    const namespace = metadata.namespace ?? ''
    const bySubject = this.#index.getOrInsertComputed(namespace, () => new Map())
    for (const [position, subject] of subjects.entries()) {
      const key = subjectKey(subject, namespace)
      if (key === undefined) continue
      const grants = bySubject.getOrInsertComputed(key, () => new Map())
      grants.set(`${metadata.name}/${position}`, { namespace, binding: metadata.name, roleRef, subject })
    }
  }

  #remove({ metadata, subjects = [] }: Binding): void {
    const namespace = metadata.namespace ?? ''
    const bySubject = this.#index.get(namespace)
    if (!bySubject) return
    for (const [position, subject] of subjects.entries()) {
      const key = subjectKey(subject, namespace) ?? ''
      const grants = bySubject.get(key)
      grants?.delete(`${metadata.name}/${position}`)
      if (grants?.size === 0) bySubject.delete(key)
    }
    if (bySubject.size === 0) this.#index.delete(namespace)
  }
}
