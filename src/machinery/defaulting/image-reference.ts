/** References to images, as far as defaults depend on them (upstream: parsers.ParseImageName). */

const domainPart = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const domain = `(?:${domainPart}(?:\\.${domainPart})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`
const pathPart = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}'
const reference = new RegExp(
  `^(?:(${domain})/)?(${pathPart}(?:/${pathPart})*)(?::(\\w[\\w.-]{0,127}))?(?:@(${digest}))?$`,
)
const identifier = /^[a-f0-9]{64}$/
const maxPathLength = 255
const library = 'library/'

/** Whether an image's reference names the tag `latest`, or neither a tag nor a digest. What is no reference does not. */
export function isLatest(image: string): boolean {
  if (identifier.test(image)) return false
  const match = reference.exec(image)
  if (!match) return false
  const [, host, path, tag, hash] = match as unknown as [string, string?, string?, string?, string?]
  if (fullPathOf(host, path!).length > maxPathLength) return false
  return tag === 'latest' || (tag === undefined && hash === undefined)
}

/** What looks like no host is the first part of the path. */
function fullPathOf(host: string | undefined, path: string): string {
  if (host === undefined) return path.includes('/') ? path : library + path
  const isHost = /[.:]/.test(host) || host === 'localhost' || host !== host.toLowerCase()
  return isHost ? path : `${host}/${path}`
}
