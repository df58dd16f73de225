/** A write is acknowledged only when it is on disk, and what was acknowledged survives. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Logger } from '../../base/log.ts'
import { openEmbeddedStore } from './embedded-store.ts'
import { SyncedImage, straceArguments } from './testing/synced-image.ts'

const writerFile = fileURLToPath(new URL('./testing/crash-writer-process.ts', import.meta.url))

function testDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'clipper-durability-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

const acksIn = (text: string): string[] => [...text.matchAll(/^ack (\S+)$/gm)].map(match => match[1]!)

/** Opens a store and says which of these keys are not in it, with their full value. */
async function missingFrom(directory: string, keys: readonly string[]): Promise<string[]> {
  const store = await openEmbeddedStore({ directory })
  try {
    const { kvs } = await store.range({ start: '/', end: '0' })
    const values = new Map(kvs.map(kv => [kv.key, Buffer.from(kv.value)]))
    return keys.filter(key => {
      const size = 200 + ((Number(key.split('/').at(-1)) * 977) % 6000)
      return !values.get(key)?.equals(Buffer.alloc(size, key))
    })
  } finally {
    await store.close()
  }
}

const exited = (child: ChildProcess): Promise<unknown> => new Promise(resolve => child.once('exit', resolve))

describe('durability of the embedded store', () => {
  it('keeps every acknowledged write through repeated kill -9', { timeout: 60_000 }, async t => {
    const directory = join(testDirectory(t), 'store')
    const acknowledged: string[] = []
    for (let run = 0; run < 8; run++) {
      const child = spawn(process.execPath, [writerFile, directory, `run${run}`, '100000'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const gone = exited(child)
      let acks = 0
      for await (const line of createInterface({ input: child.stdout! })) {
        const [key] = acksIn(line)
        if (key === undefined) continue
        acknowledged.push(key)
        // At a different depth each time; what was printed before the kill still counts.
        if (++acks === 40 + run * 150) child.kill('SIGKILL')
      }
      await gone
    }
    t.diagnostic(`${acknowledged.length} acknowledged writes`)
    assert.ok(acknowledged.length > 8 * 40)
    assert.deepEqual(await missingFrom(directory, acknowledged), [])
  })

  it('looks through the file after a crash, and reports damage', async t => {
    const directory = join(testDirectory(t), 'store')
    const child = spawn(process.execPath, [writerFile, directory, 'run', '100000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const gone = exited(child)
    for await (const line of createInterface({ input: child.stdout! }))
      if (line.startsWith('ack')) child.kill('SIGKILL')
    await gone
    const report = async () => {
      const logged = Promise.withResolvers<string>()
      const log = {
        info: (_: object, text: string) => logged.resolve(text),
        error: (_: object, text: string) => logged.resolve(text),
      }
      const store = await openEmbeddedStore({ directory, log: log as unknown as Logger })
      const text = await logged.promise
      await store.close()
      return text
    }
    assert.match(await report(), /in order/)
    const file = readFileSync(join(directory, 'store.db'))
    // A page in the middle is lost, and the process ended without closing.
    file.fill(0xff, 4096 * 4, 4096 * 5)
    writeFileSync(join(directory, 'store.db'), file)
    writeFileSync(join(directory, 'store.db-wal'), 'x')
    assert.match(await report(), /damaged/)
  })

  it('acknowledges nothing before its sync: a disk that forgets what was not synced has it all', {
    timeout: 120_000,
  }, async t => {
    if (!hasStrace()) return t.skip('strace is not installed or may not trace here')
    const directory = testDirectory(t)
    const record = recordOf(directory, [writerFile, join(directory, 'store'), 'run', '15'])
    const { lost, cuts, acks } = await powerCuts(directory, record)
    t.diagnostic(`${acks} acknowledged writes, ${cuts} power cuts`)
    assert.equal(acks, 16 * 15)
    assert.ok(cuts > 10)
    assert.deepEqual(lost, [])
  })

  it('would notice a store that acknowledges before the sync', { timeout: 60_000 }, async t => {
    if (!hasStrace()) return t.skip('strace is not installed or may not trace here')
    const directory = testDirectory(t)
    const database = new URL('./database.ts', import.meta.url).href
    const executor = new URL('./transaction-executor.ts', import.meta.url).href
    // The same writes with SQLite's syncs weakened, as a careless store would do it.
    const code = `
      const { openWriter, prepareDirectory, prepareFile } = await import(${JSON.stringify(database)})
      const { TransactionExecutor } = await import(${JSON.stringify(executor)})
      const { writeSync } = await import('node:fs')
      const directory = ${JSON.stringify(join(directory, 'store'))}
      prepareDirectory(directory); prepareFile(directory)
      const db = openWriter(directory)
      db.exec('PRAGMA synchronous = NORMAL')
      const executor = new TransactionExecutor(db)
      for (let i = 0; i < 20; i++) {
        const key = '/run/0/' + i
        db.exec('BEGIN')
        const value = Buffer.alloc(200 + ((i * 977) % 6000), key)
        executor.run({ type: 'transact', transaction: { compare: [], success: [{ put: key, value }], failure: [] } })
        db.exec('COMMIT')
        writeSync(1, 'ack ' + key + '\\n')
      }
      process.exit(0)`
    const record = recordOf(directory, ['--input-type=module', '-e', code])
    const { lost, acks } = await powerCuts(directory, record)
    assert.equal(acks, 20)
    assert.ok(lost.length > 0)
  })

  it('refuses writes on a full disk, loses nothing, and goes on when there is room', { timeout: 60_000 }, async t => {
    const directory = testDirectory(t)
    // A file system of 3 MiB in a mount namespace of its own, with most of it taken and given back at the end.
    const script = `mount -t tmpfs -o size=6m none ${directory} && dd if=/dev/zero of=${directory}/ballast bs=1M count=2 2>/dev/null &&
      ${process.execPath} ${writerFile} ${directory}/store full 160; rm ${directory}/ballast;
      ${process.execPath} ${writerFile} ${directory}/store more 5; mkdir ${directory}-kept && cp ${directory}/store/* ${directory}-kept`
    t.after(() => rmSync(`${directory}-kept`, { recursive: true, force: true }))
    const run = spawnSync('unshare', ['--mount', 'sh', '-c', script], { encoding: 'utf8', timeout: 50_000 })
    if (run.status !== 0 && /not permitted|denied|ENOENT/.test(run.stderr + String(run.error))) {
      return t.skip('mounting a small file system is not allowed here')
    }
    const acknowledged = acksIn(run.stdout)
    const refused = [...run.stdout.matchAll(/^no \S+ (.*)$/gm)].map(match => match[1]!)
    t.diagnostic(`${acknowledged.length} acknowledged, ${refused.length} refused: ${refused[0]}`)
    assert.ok(refused.length > 0)
    assert.ok(
      refused.every(message => /the store cannot write: (database or disk is full|disk I\/O error)/.test(message)),
    )
    assert.equal(acknowledged.filter(key => key.startsWith('/more/')).length, 16 * 5)
    assert.deepEqual(await missingFrom(`${directory}-kept`, acknowledged), [])
  })
})

const hasStrace = (): boolean => spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0

/** Runs Node under strace and returns the record's lines. */
function recordOf(directory: string, args: readonly string[]): string[] {
  const log = join(directory, 'strace.log')
  const run = spawnSync('strace', [...straceArguments(log), process.execPath, ...args], { encoding: 'utf8' })
  assert.equal(run.status, 0, run.stderr)
  assert.ok(existsSync(log))
  return readFileSync(log, 'latin1').split('\n')
}

/** Cuts the power at some of the moments when an acknowledgement leaves, and says what was acknowledged and is not there. */
async function powerCuts(directory: string, record: readonly string[]) {
  const acknowledged: string[] = []
  const lost: string[] = []
  const wanted: { image: string; keys: string[] }[] = []
  const image = new SyncedImage(output => {
    acknowledged.push(...acksIn(output))
    if (acknowledged.length === 0 || (acknowledged.length % 12 !== 1 && output !== 'closed\n')) return
    const at = join(directory, `cut-${wanted.length}`)
    image.save(at)
    wanted.push({ image: at, keys: [...acknowledged] })
  })
  for (const line of record) image.replay(line)
  for (const { image: at, keys } of wanted) {
    lost.push(...(await missingFrom(at, keys).catch(() => keys)))
    rmSync(at, { recursive: true })
  }
  return { lost, cuts: wanted.length, acks: acknowledged.length }
}
