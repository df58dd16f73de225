/** The rules of the source tree: who may import whom, no cycles, no large files, no dead files. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')

/** Which rooms of `src/` a room may import besides itself (ARCHITECTURE.md, "Rooms"). */
const allowedImports: Record<string, readonly string[]> = {
  base: [],
  schema: ['base'],
  api: ['base', 'schema'],
  machinery: ['base', 'schema', 'api'],
  store: ['base', 'schema'],
  'etcd-member': ['base', 'schema', 'store'],
  apiserver: ['base', 'schema', 'api', 'machinery', 'store'],
  client: ['base', 'schema', 'api', 'machinery'],
  controllers: ['base', 'schema', 'api', 'machinery', 'client'],
  scheduler: ['base', 'schema', 'api', 'machinery', 'client'],
  kubelet: ['base', 'schema', 'api', 'machinery', 'client'],
  proxy: ['base', 'schema', 'api', 'machinery', 'client'],
  dns: ['base', 'schema', 'api', 'machinery', 'client'],
  network: ['base', 'schema', 'api', 'machinery', 'client'],
  'load-balancer': ['base', 'schema', 'api', 'machinery', 'client'],
  'simulated-nodes': ['base', 'schema', 'api', 'machinery', 'client'],
  cli: ['base', 'schema', 'api', 'machinery', 'client'],
  main: ['*'],
}

const maxLines = 600
/** Files over the limit. This list may only shrink. */
const largeFiles: readonly string[] = []

/** Files that nothing imports because they are started on their own. */
const entryPoints = [
  /src\/proxy\/testing\/agent\.ts$/,
  /^src\/main\/clipper\.ts$/,
  /-worker\.ts$/,
  /-process\.ts$/,
  /\.test\.ts$/,
  /^scripts\//,
  /^bench\//,
  /^conformance\/run\.ts$/,
  /^test\//,
]

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => relative(root, join(entry.parentPath, entry.name)))
    .sort()
}

const importPattern =
  /^\s*(?:import|export)\s[^'"]*?from\s+['"](\.[^'"]+)['"]|^import\s+['"](\.[^'"]+)['"]|import\(\s*['"](\.[^'"]+)['"]\s*\)/gm

function importsOf(file: string): { target: string; typeOnly: boolean }[] {
  const source = readFileSync(join(root, file), 'utf8')
  return [...source.matchAll(importPattern)].map(match => ({
    target: relative(root, resolve(root, dirname(file), match[1] ?? match[2] ?? match[3] ?? '')),
    typeOnly: /^\s*(?:import|export)\s+type\s/.test(match[0]),
  }))
}

const files = ['src', 'scripts', 'test', 'bench', 'conformance'].flatMap(folder => {
  try {
    return filesBelow(folder)
  } catch {
    return []
  }
})
const graph = new Map(files.map(file => [file, importsOf(file)]))
const faults: string[] = []

const roomOf = (file: string): string | undefined => (file.startsWith('src/') ? file.split('/')[1] : undefined)

for (const [file, imports] of graph) {
  const room = roomOf(file)
  for (const { target } of imports) {
    if (!graph.has(target)) faults.push(`${file}: imports ${target}, which does not exist`)
    const targetRoom = roomOf(target)
    if (room === undefined || room === targetRoom) continue
    const allowed = allowedImports[room]
    if (allowed === undefined) faults.push(`${file}: src/${room} has no row in the table of allowed imports`)
    else if (!allowed.includes('*') && !(targetRoom !== undefined && allowed.includes(targetRoom)))
      if (!file.endsWith('.test.ts')) faults.push(`${file}: src/${room} may not import ${target}`)
  }
  const lines = readFileSync(join(root, file), 'utf8').split('\n').length
  if (lines > maxLines && !largeFiles.includes(file)) faults.push(`${file}: ${lines} lines, more than ${maxLines}`)
}

/** Imports of types alone vanish at run time and cannot close a cycle that matters. */
function findCycles(): void {
  const state = new Map<string, 'open' | 'done'>()
  const path: string[] = []
  const visit = (file: string): void => {
    state.set(file, 'open')
    path.push(file)
    for (const { target, typeOnly } of graph.get(file) ?? []) {
      if (typeOnly) continue
      if (state.get(target) === 'open')
        faults.push(`cycle: ${[...path.slice(path.indexOf(target)), target].join(' → ')}`)
      else if (!state.has(target) && graph.has(target)) visit(target)
    }
    path.pop()
    state.set(file, 'done')
  }
  for (const file of graph.keys()) if (!state.has(file)) visit(file)
}
findCycles()

const imported = new Set(
  [...graph].flatMap(([file, imports]) => (file.endsWith('.test.ts') ? [] : imports.map(({ target }) => target))),
)
const importedByTests = new Set(
  [...graph].flatMap(([file, imports]) => (file.endsWith('.test.ts') ? imports.map(({ target }) => target) : [])),
)
for (const file of files) {
  if (imported.has(file) || entryPoints.some(pattern => pattern.test(file))) continue
  const testOnly = /\/testing\/|\.test-suite\.ts$/.test(file) && importedByTests.has(file)
  if (!testOnly) faults.push(`${file}: nothing imports it`)
}

for (const fault of faults) console.error(fault)
if (faults.length > 0) {
  console.error(`${faults.length} fault(s) in the source tree`)
  process.exit(1)
}
