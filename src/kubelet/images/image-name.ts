/** Image references (distribution reference grammar). */
const host =
  '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?'
const part = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const grammar = new RegExp(
  `^(?:(${host})/)?(${part}(?:/${part})*)(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`,
)

export interface ImageName {
  readonly registry: string
  readonly repository: string
  readonly tag: string
  readonly digest: string
}

/** undefined for what is no reference. A first part without dot, colon or `localhost` belongs to the repository. */
export function parseImageName(text: string): ImageName | undefined {
  const match = grammar.exec(text)
  if (!match) return undefined
  const [, domain, path = '', tag = '', digest = ''] = match
  const isHost =
    domain !== undefined && (/[.:]/.test(domain) || domain === 'localhost' || domain !== domain.toLowerCase())
  const full = domain !== undefined && !isHost ? `${domain}/${path}` : path
  const registry = isHost ? domain : 'docker.io'
  const repository = registry === 'docker.io' && !full.includes('/') ? `library/${full}` : full
  return { registry, repository, tag, digest }
}

/** With `:latest` where neither tag nor digest is given. */
export function withDefaultTag(text: string): string {
  const name = parseImageName(text)
  return name && name.tag === '' && name.digest === '' ? `${text}:latest` : text
}

/** Always for `latest`, else IfNotPresent: what a pod without a policy gets. */
export function defaultPullPolicy(text: string): 'Always' | 'IfNotPresent' {
  const name = parseImageName(text)
  return name && name.digest === '' && (name.tag === '' || name.tag === 'latest') ? 'Always' : 'IfNotPresent'
}
