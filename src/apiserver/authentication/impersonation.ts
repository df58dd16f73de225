/** Acting as another user by `Impersonate-*` headers (Kubernetes documentation, "User impersonation"). */
import { badRequestError } from '../../machinery/api-error.ts'
import type { Attributes, Authorizer } from '../authorization/authorizer.ts'
import { forbiddenFor } from '../authorization/forbidden.ts'
import type { UserInfo } from './authenticator.ts'
import {
  anonymousUser,
  authenticatedGroup,
  serviceAccountGroups,
  serviceAccountOf,
  unauthenticatedGroup,
} from './users.ts'

/** Header values by lower-case name. */
export type ImpersonationHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

const extraPrefix = 'impersonate-extra-'

const valuesOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value

/**
 * One header sent several times arrives as one value joined with `, `: HTTP/1.1 and HTTP/2 both do that before we see
 * it. A group's name with a comma cannot be told apart from two; such names are not seen in practice.
 */
const listOf = (value: string | readonly string[] | undefined): string[] =>
  valuesOf(value)
    .flatMap(one => one.split(','))
    .map(one => one.trim())
    .filter(one => one !== '')

interface Wanted {
  readonly username: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

function wantedOf(headers: ImpersonationHeaders): Wanted | undefined {
  const username = valuesOf(headers['impersonate-user'])[0] ?? ''
  const uid = valuesOf(headers['impersonate-uid'])[0] ?? ''
  const groups = listOf(headers['impersonate-group'])
  const extra: Record<string, string[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || !name.startsWith(extraPrefix)) continue
    // One value may hold a comma (as JSON does), so it is not split here.
    extra[decoded(name.slice(extraPrefix.length))] = [...valuesOf(value)]
  }
  const others = uid !== '' || groups.length > 0 || Object.keys(extra).length > 0
  if (username === '' && !others) return undefined
  if (username === '') throw badRequestError(`requested ${shown(uid, groups, extra)} without impersonating a user name`)
  return { username, uid, groups, extra }
}

/** As Go prints it. */
function shown(uid: string, groups: readonly string[], extra: Wanted['extra']): string {
  const list = (values: readonly string[]) =>
    values.length === 0 ? '[]string(nil)' : `[]string{${values.map(value => JSON.stringify(value)).join(', ')}}`
  const keys = Object.keys(extra).sort()
  const members = keys.map(key => `${JSON.stringify(key)}:${list(extra[key] ?? [])}`)
  const map = keys.length === 0 ? 'map[string][]string(nil)' : `map[string][]string{${members.join(', ')}}`
  return `&user.DefaultInfo{Name:"", UID:${JSON.stringify(uid)}, Groups:${list(groups)}, Extra:${map}}`
}

function* checksOf(wanted: Wanted): Generator<Partial<Attributes>> {
  const account = serviceAccountOf(wanted.username)
  yield account
    ? { resource: 'serviceaccounts', namespace: account.namespace, name: account.name, version: 'v1' }
    : { resource: 'users', name: wanted.username, version: 'v1' }
  for (const name of wanted.groups) yield { resource: 'groups', name, version: 'v1' }
  const own = { group: 'authentication.k8s.io', version: 'v1' }
  if (wanted.uid !== '') yield { ...own, resource: 'uids', name: wanted.uid }
  for (const [subresource, values] of Object.entries(wanted.extra))
    for (const name of values) yield { ...own, resource: 'userextras', subresource, name }
}

/** The user to go on with; undefined where the request impersonates nobody. Throws ApiError 403 where it may not. */
export async function impersonate(
  headers: ImpersonationHeaders,
  user: UserInfo,
  authorizer: Authorizer,
): Promise<UserInfo | undefined> {
  const wanted = wantedOf(headers)
  if (!wanted) return undefined
  for (const check of checksOf(wanted)) {
    const attributes: Attributes = {
      user,
      verb: 'impersonate',
      resourceRequest: true,
      group: '',
      version: '',
      resource: '',
      subresource: '',
      namespace: '',
      name: '',
      path: '',
      ...check,
    }
    const { decision, reason } = await authorizer.authorize(attributes)
    if (decision !== 'allow') throw forbiddenFor(attributes, reason)
  }
  return {
    username: wanted.username,
    groups: groupsOf(wanted),
    ...(wanted.uid === '' ? {} : { uid: wanted.uid }),
    ...(Object.keys(wanted.extra).length === 0 ? {} : { extra: wanted.extra }),
  }
}

/** Who names no groups gets those that the user would have by logging in. */
function groupsOf({ username, groups }: Wanted): string[] {
  const account = serviceAccountOf(username)
  const given = groups.length === 0 && account ? serviceAccountGroups(account.namespace) : [...groups]
  const implied = username === anonymousUser ? unauthenticatedGroup : authenticatedGroup
  return given.includes(authenticatedGroup) || given.includes(unauthenticatedGroup) ? given : [...given, implied]
}
