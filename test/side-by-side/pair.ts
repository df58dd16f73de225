/** The two servers side by side, with the same keys, and the namespaces that the corpus writes to. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Connection } from './connection.ts'
import { loopbackPki, type RunningServer, startOurServer } from './our-server.ts'
import { type StockBinaries, startStockServer } from './stock-server.ts'

export interface Pair {
  readonly stock: Connection
  readonly ours: Connection
  stop(): Promise<void>
}

const name = 'side-by-side'

/** `lanes` requests are under way at once. */
export async function startPair(binaries: StockBinaries, lanes: number): Promise<Pair> {
  const directory = mkdtempSync(join(tmpdir(), 'clipper-side-by-side-'))
  const folder = (part: string) => {
    mkdirSync(join(directory, part))
    return join(directory, part)
  }
  const pki = loopbackPki(folder('pki'), name)
  // A client certificate of system:masters.
  const admin = pki.kubeletClient
  const connectionTo = (port: number, sockets: number) =>
    new Connection(
      { port, caPem: pki.caPem, certificatePem: admin.certificatePem, keyPem: admin.privateKeyPem },
      sockets,
    )
  const servers: RunningServer[] = []
  const connections: Connection[] = []
  const stop = async () => {
    for (const connection of connections) connection.close()
    await Promise.all(servers.map(server => server.stop()))
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    servers.push(await startOurServer(name, pki, folder('ours')))
    servers.push(await startStockServer(binaries, pki, port => connectionTo(port, 1), folder('stock')))
    const [ours, stock] = servers.map(({ port }) => connectionTo(port, lanes)) as [Connection, Connection]
    connections.push(ours, stock)
    for (const connection of connections) await prepare(connection)
    return { stock, ours, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

export const namespace = 'corpus'
/** Of objects that limit what others may ask for. */
export const limitedNamespace = 'limited'

/** What a controller would have made: the default service account, without which no pod is admitted. */
async function prepare(connection: Connection): Promise<void> {
  for (const name of [namespace, limitedNamespace]) {
    await create(connection, '/api/v1/namespaces', { metadata: { name } })
    await makeServiceAccount(connection, name)
  }
}

export const makeServiceAccount = (connection: Connection, inNamespace: string): Promise<void> =>
  create(connection, `/api/v1/namespaces/${inNamespace}/serviceaccounts`, { metadata: { name: 'default' } })

async function create(connection: Connection, path: string, object: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await connection.send({ method: 'POST', path, headers, body: JSON.stringify(object) })
  if (answer.status !== 201) throw new Error(`${path} answers ${answer.status}: ${answer.text}`)
}
