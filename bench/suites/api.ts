/** The verbs of the API, watches, and starting. */
import { keepMemory } from './memory.ts'
import type { Extent, Suite } from './suite.ts'

const everyExtent: readonly Extent[] = ['quick', 'default', 'full']

const objects: Record<Extent, readonly [objects: number, alone: number, duration: string]> = {
  quick: [1000, 100, '1s'],
  default: [5000, 300, '1500ms'],
  full: [20_000, 1000, '5s'],
}

export const apiSuite: Suite = {
  name: 'api',
  about: 'every verb on pods with 1 and 32 clients',
  parts: [],
  extents: everyExtent,
  async run(context) {
    const [count, alone, duration] = objects[context.extent]
    const flags = ['--objects', String(count), '--alone', String(alone), '--duration', duration]
    await context.load('api', ['--encoding', 'protobuf', ...flags])
    await keepMemory(context)
    await context.load('api', [
      '--encoding',
      'json',
      ...flags,
      '--clients',
      '32',
      '--verbs',
      'get,list,list-label,patch',
    ])
  },
}

export const watchSuite: Suite = {
  name: 'watch',
  about: 'events to 100 and 1,000 watchers',
  parts: [],
  extents: everyExtent,
  async run(context) {
    const duration = context.extent === 'quick' ? '2s' : '5s'
    for (const watchers of [100, 1000])
      await context.load('watch', ['--watchers', String(watchers), '--duration', duration])
    await keepMemory(context)
  },
}

const starts: Record<Extent, number> = { quick: 1, default: 3, full: 5 }

export const startSuite: Suite = {
  name: 'start',
  about: 'from nothing to the first ok of /readyz',
  parts: [],
  extents: everyExtent,
  async run({ side, extent, startAnother, keep, say }) {
    const first = side.readyMs
    await side.stop()
    const times = [first]
    while (times.length < starts[extent]) {
      const another = await startAnother()
      times.push(another.readyMs)
      await another.stop()
    }
    for (const value of times) {
      say(`ready after ${value.toFixed(0)} ms`)
      keep({ name: 'ready', value })
    }
  },
}
