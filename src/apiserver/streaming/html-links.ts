/**
 * Links of proxied pages: what leads to the backend's own root leads through the proxy, as upstream's proxy transport
 * has it (`k8s.io/apimachinery/pkg/util/proxy`). A page is changed as it passes, and only inside the values of links.
 */
import { Transform, type TransformCallback } from 'node:stream'
import { createDeflateRaw, createGunzip, createGzip, createInflateRaw } from 'node:zlib'

/** Which attributes of which elements hold an address. */
const linkAttributes: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
}
/** Elements whose content is no markup. */
const rawElements = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes'])
/** A tag that is longer is passed on as it is. */
const maxTagLength = 64 * 1024

export interface PageLocation {
  /** The backend's own address, and the host that the client asked for. */
  readonly hosts: readonly string[]
  /** The path under which the client sees the backend's root. */
  readonly prefix: string
}

export function rewrittenLink(link: string, { hosts, prefix }: PageLocation): string {
  const match = /^(?:(?:https?:)?\/\/([^/?#]*))?(\/[^?#]*)?(.*)$/is.exec(link)
  const [, host, path, rest = ''] = match ?? []
  if (path === undefined || (host !== undefined && !hosts.includes(host))) return link
  return path.startsWith(prefix) ? `${path}${rest}` : `${prefix}${path}${rest}`
}

const attribute = /([^\s"'<>/=]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'=<>`]+)/g

function rewrittenTag(tag: string, page: PageLocation): string {
  const name = /^<([a-z][^\s/>]*)/i.exec(tag)?.[1] ?? ''
  const links = linkAttributes[name.toLowerCase()]
  if (!links) return tag
  const head = name.length + 1
  const attributes = tag.slice(head).replace(attribute, (whole, key: string, equals: string, value: string) => {
    if (!links.includes(key.toLowerCase())) return whole
    const quote = /^["']/.test(value) ? value[0]! : ''
    return `${key}${equals}${quote}${rewrittenLink(quote === '' ? value : value.slice(1, -1), page)}${quote}`
  })
  return tag.slice(0, head) + attributes
}

/** Latin-1 keeps every byte as it is; markup is ASCII in all encodings that browsers take for HTML but UTF-16. */
export class LinkRewriter extends Transform {
  readonly #page: PageLocation
  #rest = ''
  /** The element whose content is passed over until its end tag. */
  #raw = ''

  constructor(page: PageLocation) {
    super()
    this.#page = page
  }

  override _transform(part: Buffer, _encoding: string, done: TransformCallback): void {
    this.#rest += part.toString('latin1')
    this.#take(false)
    done()
  }

  override _flush(done: TransformCallback): void {
    this.#take(true)
    done()
  }

  #take(atEnd: boolean): void {
    const text = this.#rest
    let out = ''
    let from = 0
    while (from < text.length) {
      const end = this.#raw === '' ? this.#next(text, from) : this.#rawEnd(text, from)
      if (end < 0) {
        const start = this.#raw === '' ? text.indexOf('<', from) : Math.max(from, text.length - this.#raw.length - 2)
        out += text.slice(from, start)
        from = start
        if (!atEnd && text.length - from <= maxTagLength) break
        out += text.slice(from)
        from = text.length
      } else {
        out += this.#piece(text, from, end)
        from = end
      }
    }
    this.#rest = text.slice(from)
    if (out !== '') this.push(Buffer.from(out, 'latin1'))
  }

  /** Where the text, comment or tag that begins here ends; -1 where that is not seen yet. */
  #next(text: string, from: number): number {
    if (text[from] !== '<') {
      const tag = text.indexOf('<', from)
      return tag < 0 ? text.length : tag
    }
    if (text.startsWith('<!--', from)) {
      const end = text.indexOf('-->', from + 4)
      return end < 0 ? -1 : end + 3
    }
    if (text.length - from < 4) return -1
    // A lone `<` is text.
    if (!/[a-z/!?]/i.test(text[from + 1] ?? '')) return from + 1
    const tag = /^<(?:[^"'>]|"[^"]*"|'[^']*')*>/.exec(text.slice(from, from + maxTagLength))
    return tag ? from + tag[0].length : -1
  }

  #rawEnd(text: string, from: number): number {
    const end = text.toLowerCase().indexOf(`</${this.#raw}`, from)
    return end < 0 ? -1 : end
  }

  #piece(text: string, from: number, end: number): string {
    const piece = text.slice(from, end)
    if (this.#raw !== '') {
      this.#raw = ''
      return piece
    }
    const name = /^<([a-z][^\s/>]*)/i.exec(piece)?.[1]?.toLowerCase()
    if (name === undefined) return piece
    if (rawElements.has(name) && !piece.endsWith('/>')) this.#raw = name
    return rewrittenTag(piece, this.#page)
  }
}

/** What an answer's body has to pass; undefined: it is no page, or in an encoding that is not known here. */
export function linkStages(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  page: PageLocation,
): Transform[] | undefined {
  const type = [headers['content-type'] ?? ''].flat()[0]!.split(';')[0]!.trim()
  if (type !== 'text/html') return undefined
  const rewriter = new LinkRewriter(page)
  switch ([headers['content-encoding'] ?? ''].flat()[0]) {
    case '':
      return [rewriter]
    case 'gzip':
      return [createGunzip(), rewriter, createGzip()]
    case 'deflate':
      return [createInflateRaw(), rewriter, createDeflateRaw()]
    default:
      return undefined
  }
}
