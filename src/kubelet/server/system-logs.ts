/** The machine's logs at `/logs/`: files below a directory, and lists of what is in it (upstream: enableSystemLogHandler). */
import { createReadStream, readdirSync, realpathSync, statSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join, sep } from 'node:path'

const systemLogs = '/var/log'
/** Names in a list; a directory with more shows the first. */
const maxNames = 10_000

const escaped = (text: string): string => text.replace(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`)

export function serveSystemLog(path: string, response: ServerResponse, root = systemLogs): void {
  const found = inside(root, path)
  if (found === undefined) {
    response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('404 page not found\n')
    return
  }
  const stats = statSync(found)
  if (stats.isDirectory()) {
    const names = readdirSync(found, { withFileTypes: true })
      .map(entry => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort()
    const lines = names.slice(0, maxNames).map(name => `<a href="${encodeURI(name)}">${escaped(name)}</a>\n`)
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(`<pre>\n${lines.join('')}</pre>\n`)
    return
  }
  response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': stats.size })
  // What is written meanwhile is not part of the answer.
  if (stats.size === 0) response.end()
  else
    createReadStream(found, { end: stats.size - 1 })
      .on('error', () => response.destroy())
      .pipe(response)
}

/** The file or directory, links followed; undefined where there is none, it lies outside, or it is neither. */
function inside(root: string, path: string): string | undefined {
  try {
    const [top, found] = [realpathSync(root), realpathSync(join(root, path))]
    if (found !== top && !found.startsWith(`${top}${sep}`)) return undefined
    const stats = statSync(found)
    return stats.isFile() || stats.isDirectory() ? found : undefined
  } catch {
    return undefined
  }
}
