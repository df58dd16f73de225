/** What a request's method and path mean (upstream's RequestInfo, `k8s.io/apiserver/pkg/endpoints/request`). */
import { badRequestError } from '../../machinery/api-error.ts'

export interface RequestInfo {
  readonly isResourceRequest: boolean
  readonly path: string
  /** get, list, watch, create, update, patch, delete, deletecollection; of a non-resource request the lower-case method. */
  readonly verb: string
  readonly apiGroup: string
  readonly apiVersion: string
  readonly namespace: string
  readonly resource: string
  readonly subresource: string
  readonly name: string
  /** Path segments behind the subresource, as for `pods/x/proxy/a/b`. */
  readonly rest: readonly string[]
}

const nonResource = (method: string, path: string): RequestInfo => ({
  isResourceRequest: false,
  path,
  verb: method.toLowerCase(),
  apiGroup: '',
  apiVersion: '',
  namespace: '',
  resource: '',
  subresource: '',
  name: '',
  rest: [],
})

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

/** Subresources that connect the client with something else, and go on until one of the two ends. */
export const connectingSubresources: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy'])

/** Subresources of namespaces; any other word behind `namespaces/{name}/` is a resource inside of it. */
const namespaceSubresources = new Set(['status', 'finalize'])

function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    throw badRequestError(`invalid URL escape ${JSON.stringify(segment)}`)
  }
}

export function requestInfoOf(method: string, path: string, query: URLSearchParams): RequestInfo {
  const parts: string[] = []
  for (const segment of path.split('/')) if (segment !== '') parts.push(decodeSegment(segment))
  const isApi = parts[0] === 'api'
  if (!isApi && parts[0] !== 'apis') return nonResource(method, path)
  const head = isApi ? 2 : 3
  if (parts.length <= head) return nonResource(method, path)
  const apiGroup = isApi ? '' : (parts[1] as string)
  const apiVersion = parts[head - 1] as string
  let rest = parts.slice(head)
  let verb = verbs[method] ?? ''
  if (rest[0] === 'watch' && rest.length > 1) {
    verb = 'watch'
    rest = rest.slice(1)
  }
  let namespace = ''
  if (rest[0] === 'namespaces') {
    if (rest.length > 1) {
      namespace = rest[1] as string
      if (rest.length > 2 && !namespaceSubresources.has(rest[2] as string)) rest = rest.slice(2)
    }
  }
  const resource = rest[0] ?? ''
  const name = rest[1] ?? ''
  const subresource = rest[2] ?? ''
  const info = {
    isResourceRequest: true,
    path,
    apiGroup,
    apiVersion,
    namespace,
    resource,
    subresource,
    rest: rest.slice(3),
  }
  if (name === '' && verb === 'get') {
    const watch = query.get('watch')
    verb = watch !== null && isTrue(watch) ? 'watch' : 'list'
  } else if (name === '' && verb === 'delete') verb = 'deletecollection'
  if (name === '' && (verb === 'list' || verb === 'watch' || verb === 'deletecollection')) {
    return { ...info, verb, name: nameInFieldSelector(query.get('fieldSelector')) }
  }
  return { ...info, verb, name }
}

/** A boolean query parameter as upstream reads it: present and not `false` or `0`. */
export const isTrue = (value: string | null): boolean =>
  value !== null && value !== 'false' && value !== '0' && value !== 'False' && value !== 'F' && value !== 'f'

/** A list restricted to one `metadata.name` is authorized by that name. */
function nameInFieldSelector(selector: string | null): string {
  if (selector === null) return ''
  for (const term of selector.split(',')) {
    const match = /^\s*metadata\.name\s*==?\s*([^=!,\\]+?)\s*$/.exec(term)
    if (match) return match[1] as string
  }
  return ''
}
