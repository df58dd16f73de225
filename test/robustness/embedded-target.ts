/** The embedded store as a process behind a network, both of which fail. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../src/base/testing/free-ports.ts'
import { sufferNetwork, type Target } from './episode.ts'
import { FaultyNetwork } from './faulty-network.ts'
import { FaultyStore } from './faulty-store.ts'

export async function startEmbeddedTarget(): Promise<Target> {
  const root = mkdtempSync(join(tmpdir(), 'clipper-faults-'))
  const directory = join(root, 'store')
  mkdirSync(directory)
  const port = await freePort()
  const network = new FaultyNetwork(port)
  const clientPort = await network.listen()
  let store = new FaultyStore(directory, port)
  await store.started()
  let isRunning = true
  const run = async () => {
    if (isRunning) return
    store = new FaultyStore(directory, port)
    await store.started()
    isRunning = true
  }
  return {
    servers: [`http://127.0.0.1:${clientPort}`],
    async suffer(fault, clientsAtWork) {
      if (fault.at === 'process') {
        if (isRunning) {
          store.signal('SIGKILL')
          await store.killed(0)
        }
        isRunning = false
        store = new FaultyStore(directory, port, fault)
        await store.started()
        await Promise.race([clientsAtWork(), store.ended()])
        await store.killed(fault.killAfterMs)
        return
      }
      await run()
      await clientsAtWork()
      if (fault.at === 'network') await sufferNetwork(network, fault)
      else {
        store.signal('SIGUSR2')
        await sleep(fault.forMs)
      }
    },
    recover: run,
    async stop() {
      store.signal('SIGKILL')
      await store.killed(0)
      await network.close()
      rmSync(root, { recursive: true })
    },
  }
}
