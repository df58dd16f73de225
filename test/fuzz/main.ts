/** `npm run fuzz -- [--seed N] [--requests N] [--episode N]`: a long run against the API server. Ends with 1 where it found a fault. */
import { parseArgs } from 'node:util'
import { makeCustomTargets } from './custom-targets.ts'
import { FuzzedServer } from './fuzzed-server.ts'
import { runEpisodes, showFault } from './run.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    requests: { type: 'string', default: '300000' },
    /** Only this one. */
    episode: { type: 'string' },
    lanes: { type: 'string', default: '8' },
  },
})
const seed = Number(values.seed)
const wanted = Number(values.requests)
console.log(`seed ${seed}`)

const strays: string[] = []
const stray = (error: unknown) => {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  if (strays.length < 20) console.log(`stray: ${text}`)
  strays.push(text)
}
process.on('unhandledRejection', stray)
process.on('uncaughtException', stray)

const server = await FuzzedServer.start()
await server.prepare()
const custom = await makeCustomTargets(server)
const startedMs = performance.now()
const progressEvery = 10_000
let nextProgress = progressEvery
let episodes = 0
const only = values.episode === undefined ? undefined : Number(values.episode)
const result = await runEpisodes(server, {
  seed,
  first: only ?? 1,
  custom,
  lanes: only === undefined ? Number(values.lanes) : 1,
  goOn: requests => {
    if (requests >= nextProgress) {
      nextProgress += progressEvery
      const { rss } = process.memoryUsage()
      const perSecond = Math.round(requests / ((performance.now() - startedMs) / 1_000))
      console.log(`${requests} requests, ${perSecond}/s, ${Math.round(rss / 1e6)} MB`)
    }
    return only === undefined ? requests < wanted : episodes++ === 0
  },
  onFault: fault => console.log(showFault(seed, fault)),
})
const statuses = [...result.statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`)
console.log(`seed ${seed}: ${result.requests} requests; ${statuses.join(', ')}`)
console.log(`${result.faults.size} classes of faults, ${strays.length} stray errors`)
await server.stop()
process.exit(result.faults.size + strays.length === 0 ? 0 : 1)
