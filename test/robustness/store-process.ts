/**
 * Run as a process of its own, to be killed: the embedded store behind etcd's API. Arguments: directory, port. At SIGUSR2 the
 * time of day jumps by up to a day, forwards or backwards.
 */
import { writeSync } from 'node:fs'
import { openEmbeddedStore } from '../../src/store/embedded/embedded-store.ts'
import { startStoreServer } from '../../src/store/server/store-server.ts'

const [directory, port] = process.argv.slice(2) as [string, string]
const realNow = Date.now
process.on('SIGUSR2', () => {
  const jumpMs = (Math.random() - 0.5) * 2 * 86_400_000
  Date.now = () => realNow() + jumpMs
})
const store = await openEmbeddedStore({ directory })
await startStoreServer({ store, directory, host: '127.0.0.1', port: Number(port) })
writeSync(1, `listening ${process.pid}\n`)
