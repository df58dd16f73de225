/**
 * Run by the crash tests as a process of its own: writes with 16 writers at once and prints `ack KEY` when, and only when, a
 * write was acknowledged; `no KEY MESSAGE` when it was refused. Arguments: directory, name of the run, writes a writer.
 */
import { writeSync } from 'node:fs'
import { always } from '../../contract.test-suite.ts'
import { openEmbeddedStore } from '../embedded-store.ts'

const [directory, run, perWriter] = process.argv.slice(2) as [string, string, string]
const store = await openEmbeddedStore({ directory })
writeSync(1, 'open\n')
await Promise.all(
  Array.from({ length: 16 }, async (_, writer) => {
    for (let i = 0; i < Number(perWriter); i++) {
      const key = `/${run}/${writer}/${i}`
      const value = Buffer.alloc(200 + ((i * 977) % 6000), key)
      try {
        await store.transact(always({ put: key, value }, { put: `/latest/${writer}`, value: Buffer.from(key) }))
        writeSync(1, `ack ${key}\n`)
      } catch (error) {
        writeSync(1, `no ${key} ${(error as Error).message}\n`)
      }
    }
  }),
)
await store.close()
writeSync(1, 'closed\n')
