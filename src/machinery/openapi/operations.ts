/** The paths and operations of one group and version. */
import { STATUS_CODES } from 'node:http'
import { DeleteOptions } from '../../api/meta/v1/options.ts'
import { Status } from '../../api/meta/v1/status.ts'
import { WatchEvent } from '../../api/meta/v1/watch-event.ts'
import type { Kind, SubresourceFacts, Verb } from '../../schema/kind.ts'
import type { GroupVersionKind } from '../../schema/type.ts'
import { customFactsOf } from '../custom/custom-kind.ts'
import type { ServedKind } from '../discovery/api-groups.ts'
import { kindByGvk, listOf } from '../scheme.ts'
import {
  byName,
  deleteCollectionParameters,
  deleteParameters,
  listParameters,
  optionParameters,
  type Parameter,
  patchParameters,
  pathParameter,
  pretty,
  watchParameters,
  writeParameters,
} from './parameters.ts'
import type { Schema, SchemaSet } from './schema.ts'

export interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: unknown
  readonly responses: Readonly<Record<string, object>>
  readonly 'x-kubernetes-action'?: string
  readonly 'x-kubernetes-group-version-kind'?: GroupVersionKind
}

/** Operations by HTTP method, and the parameters that all of them share. */
export type PathItem = Readonly<Record<string, Operation | readonly Parameter[]>>

const objectTypes = ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml']
const streamTypes = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch']
const patchTypes = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
]

/** kubectl reads here that custom resources know no strategic merge. */
const patchTypesOf = (kind: Kind): readonly string[] =>
  customFactsOf(kind) ? patchTypes.filter(type => !type.includes('strategic')) : patchTypes

/** Kinds whose deletion answers with the object; the others answer with a Status. */
const deletedObjectKinds: ReadonlySet<string> = new Set([
  'CSIDriver',
  'CSINode',
  'DeviceClass',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Pod',
  'PodTemplate',
  'ResourceClaim',
  'ResourceClaimTemplate',
  'ResourceQuota',
  'ResourceSlice',
  'Service',
  'ServiceAccount',
  'StorageClass',
  'VolumeAttachment',
  'VolumeAttributesClass',
])

const content = (types: readonly string[], schema: Schema) => Object.fromEntries(types.map(type => [type, { schema }]))

/** As `AppsV1` in operation ids, `apps_v1` in tags. */
export function namesOf({ group, version }: { group: string; version: string }): { id: string; tag: string } {
  const name = group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')
  const camel = name.replace(/[.-](.)/g, (_, letter: string) => letter.toUpperCase())
  return { id: capital(camel) + capital(version), tag: `${camel}_${version}` }
}

/** Responses by status code, each with the description that OpenAPI requires. */
export const described = (responses: Readonly<Record<string, object>>): Record<string, object> =>
  Object.fromEntries(
    Object.entries(responses).map(([code, response]) => [code, { description: STATUS_CODES[code] ?? '', ...response }]),
  )

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

type Operations = Record<string, Operation>

/** Makes the path items of the kinds of one group and version. */
export class PathBuilder {
  readonly paths: Record<string, PathItem> = {}
  readonly #root: string
  readonly #schemas: SchemaSet

  /** `root` is `/api/v1` or `/apis/<group>/<version>`. */
  constructor(root: string, schemas: SchemaSet) {
    this.#root = root
    this.#schemas = schemas
  }

  add(kind: ServedKind): void {
    const { namespaced, plural, verbs, subresources } = kind.resource
    const has = (verb: Verb) => verbs.includes(verb)
    const scope = namespaced ? [pathParameter('namespace')] : []
    const one = [...scope, pathParameter('name')]
    const collection = `${namespaced ? '/namespaces/{namespace}' : ''}/${plural}`
    this.#path(collection, [...scope, pretty], this.#collection(kind, has))
    this.#path(`${collection}/{name}`, [...one, pretty], this.#object(kind, has))
    if (namespaced && has('list')) {
      this.#path(`/${plural}`, [pretty], { get: this.#list(kind, 'ForAllNamespaces') })
    }
    if (has('watch')) this.#watches(kind, collection, scope, one)
    for (const [name, facts] of Object.entries(subresources ?? {})) {
      this.#subresource(kind, name, facts, `${collection}/{name}/${name}`, one)
    }
  }

  /** Parameters that all operations share move to the path. */
  #path(path: string, shared: readonly Parameter[], operations: Operations): void {
    const all = Object.values(operations)
    if (all.length === 0) return
    const common = (all[0]?.parameters ?? []).filter(({ name }) =>
      all.every(operation => operation.parameters?.some(parameter => parameter.name === name)),
    )
    const item: Record<string, Operation | readonly Parameter[]> = {}
    for (const [method, { parameters, ...operation }] of Object.entries(operations)) {
      const own = (parameters ?? []).filter(parameter => !common.some(({ name }) => name === parameter.name))
      item[method] = own.length === 0 ? operation : { ...operation, parameters: own.toSorted(byName) }
    }
    const parameters = [...shared, ...common].sort(byName)
    this.paths[this.#root + path] = parameters.length === 0 ? item : { ...item, parameters }
  }

  #collection(kind: ServedKind, has: (verb: Verb) => boolean): Operations {
    return {
      ...(has('deletecollection') ? { delete: this.#deleteCollection(kind) } : {}),
      ...(has('list') ? { get: this.#list(kind) } : {}),
      ...(has('create') ? { post: this.#create(kind, kind, '') } : {}),
    }
  }

  #object(kind: ServedKind, has: (verb: Verb) => boolean): Operations {
    return {
      ...(has('delete') ? { delete: this.#delete(kind) } : {}),
      ...(has('get') ? { get: this.#read(kind, kind, '') } : {}),
      ...(has('patch') ? { patch: this.#patch(kind, kind, '') } : {}),
      ...(has('update') ? { put: this.#replace(kind, kind, '') } : {}),
    }
  }

  #watches(kind: ServedKind, collection: string, scope: readonly Parameter[], one: readonly Parameter[]): void {
    this.#path(`/watch${collection}`, [...scope, pretty], { get: this.#watch(kind, 'watchlist', 'List') })
    this.#path(`/watch${collection}/{name}`, [...one, pretty], { get: this.#watch(kind, 'watch', '') })
    if (kind.resource.namespaced) {
      const get = this.#watch(kind, 'watchlist', 'ListForAllNamespaces')
      this.#path(`/watch/${kind.resource.plural}`, [pretty], { get })
    }
  }

  #subresource(kind: ServedKind, name: string, facts: SubresourceFacts, path: string, one: readonly Parameter[]): void {
    const answered = facts.kind === undefined ? kind : kindByGvk(facts.kind)
    if (!answered) throw new Error(`${path} answers ${facts.kind?.kind}, which is not declared`)
    const suffix = capital(name)
    if (name === 'log') {
      this.#path(path, [...one, pretty], { get: this.#log(kind) })
    } else if (answered.gvk.kind.endsWith('Options')) {
      this.#connect(kind, answered, suffix, path, one)
    } else {
      const has = (verb: Verb) => facts.verbs.includes(verb)
      this.#path(path, [...one, pretty], {
        ...(has('get') ? { get: this.#read(kind, answered, suffix) } : {}),
        ...(has('patch') ? { patch: this.#patch(kind, answered, suffix) } : {}),
        ...(has('create') ? { post: this.#create(kind, answered, suffix) } : {}),
        ...(has('update') ? { put: this.#replace(kind, answered, suffix) } : {}),
      })
    }
  }

  #connect(kind: ServedKind, options: Kind, suffix: string, path: string, one: readonly Parameter[]): void {
    const proxies = suffix === 'Proxy'
    const methods = proxies ? ['delete', 'get', 'head', 'options', 'patch', 'post', 'put'] : ['get', 'post']
    const operations = (tail: string): Operations =>
      Object.fromEntries(
        methods.map(method => [
          method,
          this.#operation(kind, options.gvk, 'connect', `connect@${capital(method)}`, suffix + tail, {
            responses: { 200: { content: content(['*/*'], { type: 'string' }) } },
          }),
        ]),
      )
    const parameters = [...one, ...optionParameters(options)]
    this.#path(path, parameters, operations(''))
    if (proxies) this.#path(`${path}/{path}`, [...parameters, pathParameter('path')], operations('WithPath'))
  }

  /** `verb` is `read`, or `connect@Get` where more follows the version. */
  #operation(
    kind: ServedKind,
    gvk: GroupVersionKind,
    action: string,
    verb: string,
    suffix: string,
    rest: Pick<Operation, 'parameters' | 'requestBody' | 'responses'>,
    scoped = true,
  ): Operation {
    const { id, tag } = namesOf(kind.gvk)
    const [head, tail = ''] = verb.split('@')
    const scope = scoped && kind.resource.namespaced ? 'Namespaced' : ''
    return {
      operationId: `${head}${id}${tail}${scope}${kind.gvk.kind}${suffix}`,
      tags: [tag],
      ...rest,
      responses: described({ ...rest.responses, 401: {} }),
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': gvk,
    }
  }

  #answer(kind: Kind, types = objectTypes) {
    const own = customFactsOf(kind) ? types.filter(type => !type.includes('protobuf')) : types
    return { content: content(own, this.#schemas.of(kind)) }
  }

  #body(kind: Kind) {
    return { content: content(['*/*'], this.#schemas.of(kind)), required: true }
  }

  #list(kind: ServedKind, suffix = ''): Operation {
    const types = [...objectTypes, ...streamTypes]
    const rest = { parameters: listParameters, responses: { 200: this.#answer(listOf(kind), types) } }
    return this.#operation(kind, kind.gvk, 'list', 'list', suffix, rest, suffix === '')
  }

  #watch(kind: ServedKind, action: string, suffix: string): Operation {
    const responses = { 200: this.#answer(WatchEvent, [...objectTypes, ...streamTypes]) }
    const rest = { parameters: watchParameters, responses }
    return this.#operation(kind, kind.gvk, action, 'watch', suffix, rest, !suffix.endsWith('ForAllNamespaces'))
  }

  #read(kind: ServedKind, answered: Kind, suffix: string): Operation {
    return this.#operation(kind, answered.gvk, 'get', 'read', suffix, { responses: { 200: this.#answer(answered) } })
  }

  #log(kind: ServedKind): Operation {
    const responses = { 200: { content: content([...objectTypes, 'text/plain'], { type: 'string' }) } }
    const options = kindByGvk({ group: '', version: 'v1', kind: 'PodLogOptions' })!
    const parameters = optionParameters(options)
    return this.#operation(kind, kind.gvk, 'get', 'read', 'Log', { parameters, responses })
  }

  #create(kind: ServedKind, taken: Kind, suffix: string): Operation {
    const answer = this.#answer(taken)
    return this.#operation(kind, taken.gvk, 'post', 'create', suffix, {
      parameters: writeParameters,
      requestBody: this.#body(taken),
      responses: { 200: answer, 201: answer, 202: answer },
    })
  }

  #replace(kind: ServedKind, taken: Kind, suffix: string): Operation {
    const answer = this.#answer(taken)
    return this.#operation(kind, taken.gvk, 'put', 'replace', suffix, {
      parameters: writeParameters,
      requestBody: this.#body(taken),
      responses: { 200: answer, 201: answer },
    })
  }

  #patch(kind: ServedKind, taken: Kind, suffix: string): Operation {
    const answer = this.#answer(taken)
    return this.#operation(kind, taken.gvk, 'patch', 'patch', suffix, {
      parameters: patchParameters,
      requestBody: { content: content(patchTypesOf(kind), this.#schemas.patch()), required: true },
      responses: { 200: answer, 201: answer },
    })
  }

  #delete(kind: ServedKind): Operation {
    const answer = this.#answer(deletedObjectKinds.has(kind.gvk.kind) ? kind : Status)
    return this.#operation(kind, kind.gvk, 'delete', 'delete', '', {
      parameters: deleteParameters,
      requestBody: { content: content(['*/*'], this.#schemas.of(DeleteOptions)) },
      responses: { 200: answer, 202: answer },
    })
  }

  #deleteCollection(kind: ServedKind): Operation {
    return this.#operation(kind, kind.gvk, 'deletecollection', 'delete@Collection', '', {
      parameters: deleteCollectionParameters,
      requestBody: { content: content(['*/*'], this.#schemas.of(DeleteOptions)) },
      responses: { 200: this.#answer(Status) },
    })
  }
}
