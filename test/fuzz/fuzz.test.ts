/** Bad input of every kind is answered with a Status: never with a 500, a hang or a crash. `npm run fuzz` goes on for longer. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { makeCustomTargets } from './custom-targets.ts'
import { FuzzedServer } from './fuzzed-server.ts'
import { runEpisodes, showFault } from './run.ts'

/** Said again with FUZZ_SEED. */
const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 1e9))
const wanted = 4_000

let server: FuzzedServer
before(async () => {
  server = await FuzzedServer.start()
  await server.prepare()
})
after(() => server.stop())

test(`requests of seed ${seed} are all answered as Kubernetes answers`, async t => {
  t.diagnostic(`FUZZ_SEED=${seed}`)
  const custom = await makeCustomTargets(server)
  const goOn = (requests: number) => requests < wanted
  const { faults, statuses, requests } = await runEpisodes(server, { seed, first: 1, custom, lanes: 8, goOn })
  assert.deepEqual(
    [...faults.values()].map(fault => showFault(seed, fault)),
    [],
  )
  // The fuzzer has not lost its way: much is still accepted, and much is refused for what it says.
  const share = (status: number) => (statuses.get(status) ?? 0) / requests
  assert.ok(share(200) + share(201) > 0.08, `accepted: ${share(200) + share(201)}`)
  assert.ok(share(422) > 0.05, `invalid: ${share(422)}`)
})

test('what was written before is still served, and new objects are taken', async () => {
  const headers = { accept: 'application/json', 'content-type': 'application/json' }
  const path = '/api/v1/namespaces/corpus/configmaps'
  await server.make(path, { metadata: { name: 'after' }, data: { a: 'b' } })
  const { status, bytes } = await server.ask({ method: 'GET', path: `${path}/after`, headers, user: 0 })
  assert.equal(status, 200)
  assert.equal(JSON.parse(bytes.toString()).data.a, 'b')
})
