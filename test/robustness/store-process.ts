/** Run as a process of its own, to be killed: the embedded store behind etcd's API. Arguments: directory, port. */
import { writeSync } from 'node:fs'
import { openEmbeddedStore } from '../../src/store/embedded/embedded-store.ts'
import { startStoreServer } from '../../src/store/server/store-server.ts'

const [directory, port] = process.argv.slice(2) as [string, string]
const store = await openEmbeddedStore({ directory })
await startStoreServer({ store, directory, host: '127.0.0.1', port: Number(port) })
writeSync(1, 'listening\n')
