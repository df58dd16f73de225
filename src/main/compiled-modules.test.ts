import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

const directory = mkdtempSync(join(tmpdir(), 'compiled-'))
after(() => rmSync(directory, { recursive: true }))

const script = join(directory, 'script.ts')
writeFileSync(
  script,
  `import { startOverWithCompiledModules } from ${JSON.stringify(join(import.meta.dirname, 'compiled-modules.ts'))}
await startOverWithCompiledModules()
const stripped: boolean = (process as any).moduleLoadList.some((name: string) => name.includes('/amaro/'))
console.log(JSON.stringify({ pid: process.pid, stripped, args: process.argv.slice(2) }))
`,
)

async function runScript(compileCache: string | undefined): Promise<unknown> {
  const { NODE_COMPILE_CACHE: _, ...env } = process.env
  if (compileCache !== undefined) env.NODE_COMPILE_CACHE = compileCache
  const child = spawn(process.execPath, [...process.execArgv, script, 'a b'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (part: Buffer) => (output += part.toString()))
  const code = await new Promise(resolve => child.on('close', resolve))
  assert.equal(code, 0)
  const { pid, ...rest } = JSON.parse(output) as { pid: number }
  assert.equal(pid, child.pid)
  return rest
}

test('the first start with an empty compile cache starts over in place, without the stripper of types', async () => {
  const cache = join(directory, 'cache')
  assert.deepEqual(await runScript(cache), { stripped: false, args: ['a b'] })
  assert.deepEqual(await runScript(cache), { stripped: false, args: ['a b'] })
})

test('without a compile cache, or with one that cannot be written, the process goes on as it is', async () => {
  assert.deepEqual(await runScript(undefined), { stripped: true, args: ['a b'] })
  assert.deepEqual(await runScript(join(script, 'cache')), { stripped: true, args: ['a b'] })
})
