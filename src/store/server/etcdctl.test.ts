/** Every call, as etcd's own client makes it. Each etcdctl on PATH is used, also one named `etcdctl-3.4`. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openEmbeddedStore } from '../embedded/embedded-store.ts'
import type { MaintainedStore } from '../maintained-store.ts'
import { restoreSnapshot } from '../snapshots/restore-snapshot.ts'
import { SnapshotError } from '../snapshots/snapshot-file.ts'
import { type StoreServer, startStoreServer } from './store-server.ts'

const binaries = ['etcdctl', 'etcdctl-3.4'].filter(name => spawnSync(name, ['version']).status === 0)

describe('etcdctl', { skip: binaries.length === 0 ? 'no etcdctl on PATH' : false }, () => {
  for (const binary of binaries)
    describe(execFileSync(binary, ['version'], { encoding: 'utf8' }).split('\n')[0]!, () => exercise(binary))
})

function exercise(binary: string): void {
  const isOld = binary.endsWith('-3.4')
  const directory = mkdtempSync(join(tmpdir(), 'clipper-etcdctl-'))
  let store: MaintainedStore
  let server: StoreServer
  before(async () => {
    store = await openEmbeddedStore({ directory: join(directory, 'store') })
    server = await startStoreServer({ store, directory: join(directory, 'store'), host: '127.0.0.1', port: 0 })
  })
  after(async () => {
    await server.close()
    await store.close()
    rmSync(directory, { recursive: true })
  })

  const start = (...args: string[]) =>
    spawn(binary, [...args, '--endpoints', server.url, '--command-timeout=20s'], {
      env: { ...process.env, ETCDCTL_API: '3' },
    })
  const run = async (args: string[], input = '') => {
    const child = start(...args)
    let out = ''
    let err = ''
    child.stdout.on('data', chunk => {
      out += chunk
    })
    child.stderr.on('data', chunk => {
      err += chunk
    })
    child.stdin.end(input)
    const [code] = await once(child, 'close')
    return { code, out: out.trim(), err }
  }
  const ok = async (line: string, input?: string): Promise<string> => {
    const { code, out, err } = await run(line.split(' '), input)
    assert.equal(code, 0, `${line}: ${err}`)
    return out
  }
  const fails = async (line: string, message: RegExp): Promise<void> => {
    const { code, err } = await run(line.split(' '))
    assert.notEqual(code, 0, line)
    assert.match(err, message)
  }

  it('puts, gets in every form, and deletes', async () => {
    for (const [key, value] of [
      ['a/1', 'x'],
      ['a/2', 'y'],
      ['a/3', 'w'],
      ['b', 'z'],
    ]) {
      assert.equal(await ok(`put ${key} ${value}`), 'OK')
    }
    assert.equal(await ok('put a/1 x2 --prev-kv'), 'OK\na/1\nx')
    assert.equal(await ok('get a/1'), 'a/1\nx2')
    assert.equal(await ok('get a/ --prefix --keys-only'), 'a/1\n\na/2\n\na/3')
    assert.equal(await ok('get a/ --prefix --limit=1 --print-value-only'), 'x2')
    assert.equal(await ok('get a/2 a/9 --order=DESCEND --print-value-only'), 'w\ny')
    assert.equal(await ok('get a/ --prefix --sort-by=VALUE --print-value-only'), 'w\nx2\ny')
    assert.equal(await ok('get a/ --prefix --sort-by=MODIFY --order=DESCEND --limit=1 --print-value-only'), 'x2')
    // Of 3.5 and later.
    if (!isOld) assert.match(await ok('get a/ --prefix --count-only --write-out=fields'), /"Count" : 3/)
    assert.equal(await ok('get a/3 --from-key --print-value-only'), 'w\nz')
    assert.equal(await ok('get a/1 --rev=2 --print-value-only'), 'x')
    assert.match(await ok('get a/1 --write-out=json'), /"version":2/)
    assert.equal(await ok('get a/1 --consistency=s --print-value-only'), 'x2')
    await fails('get a/1 --rev=99', /required revision is a future revision/)
    assert.equal(await ok('put a/1 --ignore-value', ''), 'OK')
    await fails('put none --ignore-value', /etcdserver: key not found/)
    assert.equal(await ok('del a/ --prefix --prev-kv'), '3\na/1\nx2\na/2\ny\na/3\nw')
    assert.equal(await ok('del a/ --prefix'), '0')
  })

  it('runs transactions with every compare', async () => {
    await ok('put t 5')
    const conditions = ['mod("t") > "1"', 'create("t") > "1"', 'ver("t") = "1"', 'val("t") < "6"', 'val("t") != "6"']
    const transaction = (compares: string[]) => `${compares.join('\n')}\n\nput t2 yes\nget t\n\nget none\n\n`
    assert.match(await ok('txn', transaction(conditions)), /^SUCCESS\s+OK\s+t\s+5$/)
    assert.match(await ok('txn', transaction([...conditions, 'ver("t") > "1"'])), /^FAILURE/)
    const { err } = await run(['txn'], '\nput d 1\nput d 2\n\n\n')
    assert.match(err, /duplicate key given in txn request/)
  })

  it('watches from the past, with what was there, and with progress', async () => {
    await ok('put w 1')
    const [kv] = (await store.range({ start: 'w' })).kvs
    await ok('put w 2')
    const child = start('watch', 'w', `--rev=${kv!.modRevision}`, '--prev-kv')
    let out = ''
    let check = () => {}
    child.stdout.on('data', chunk => {
      out += chunk
      check()
    })
    const seen = async (expected: string) => {
      await new Promise<void>(resolve => {
        check = () => {
          if (out.length >= expected.length) resolve()
        }
        check()
      })
      assert.equal(out, expected)
    }
    const past = 'PUT\nw\n1\nPUT\nw\n1\nw\n2\n'
    await seen(past)
    await ok('del w')
    await seen(`${past}DELETE\nw\n2\nw\n\n`)
    child.kill()
    await once(child, 'close')
    await store.compact(kv!.modRevision + 1)
    const { err } = await run(['watch', 'w', '--rev=1'])
    assert.match(err, /required revision has been compacted/)
  })

  it('grants, keeps, shows and revokes leases', async () => {
    const granted = /^lease ([0-9a-f]+) granted with TTL\(60s\)$/.exec(await ok('lease grant 60'))
    const id = granted![1]!
    await ok(`put l 1 --lease=${id}`)
    assert.match(
      await ok(`lease timetolive ${id} --keys`),
      /granted with TTL\(60s\), remaining\(\d+s\), attached keys\(\[l\]\)/,
    )
    assert.match(await ok('lease list'), new RegExp(`found 1 leases\\s+${id}`))
    assert.equal(await ok(`lease keep-alive --once ${id}`), `lease ${id} keepalived with TTL(60)`)
    assert.equal(await ok(`lease revoke ${id}`), `lease ${id} revoked`)
    assert.equal(await ok('get l'), '')
    await fails(`lease revoke ${id}`, /requested lease not found/)
    assert.match(await ok(`lease timetolive ${id}`), /already expired/)
    await fails('lease grant 9000000001', /too large lease TTL/)
    await fails(`put l 1 --lease=${id}`, /requested lease not found/)
  })

  it('holds locks and elections, which are made of the calls above', async () => {
    assert.match(await ok('lock mutex echo held'), /held/)
    const leader = start('elect', 'election', 'one')
    await once(leader.stdout, 'data')
    leader.kill()
    await once(leader, 'close')
  })

  it('is maintained', async () => {
    const { out, err } = await run(['endpoint', 'health'])
    // 3.4 says it on standard error.
    assert.match(out + err, /is healthy/)
    const [{ Status }] = JSON.parse(await ok('endpoint status --write-out=json'))
    assert.equal(Status.version, '3.7.0')
    assert.equal(Status.leader, Status.header.member_id)
    assert.match(await ok('endpoint hashkv'), /, \d+/)
    await ok(`compaction ${await store.currentRevision()} --physical`)
    await fails('compaction 2', /required revision has been compacted/)
    assert.match(await ok('defrag'), /Finished defragmenting/)
    assert.match(await ok('member list'), new RegExp(`started, default, , ${server.url}`))
    await fails('member add x --peer-urls=http://127.0.0.1:1', /this store has one member/)
    await fails('user list', /this store has no users and roles/)
    assert.equal(await ok('alarm list'), '')
    await fails('move-leader 1', /bad leader transferee|no member ID/)
  })

  it('gives a snapshot that is restored whole or not at all', async () => {
    await ok('put s 1')
    const file = join(directory, 'snapshot')
    await ok(`snapshot save ${file}`)
    await ok('put s 2')
    const restored = join(directory, 'restored')
    mkdirSync(restored)
    await restoreSnapshot(file, restored)
    await assert.rejects(restoreSnapshot(file, restored), SnapshotError)
    const copy = await openEmbeddedStore({ directory: restored })
    assert.equal(Buffer.from((await copy.range({ start: 's' })).kvs[0]!.value).toString(), '1')
    await copy.close()
    truncateSync(file, 4096 + 32)
    await assert.rejects(restoreSnapshot(file, join(directory, 'other')), /is damaged/)
    truncateSync(file, 4000)
    await assert.rejects(restoreSnapshot(file, join(directory, 'other')), /cut short/)
  })
}
