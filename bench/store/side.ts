/** The two stores that are compared: etcd, and `clipper store`. Both sync every write to the same disk. */
import { join, resolve } from 'node:path'
import { ServerProcess } from '../sides/server-process.ts'

export type SideName = 'etcd' | 'clipper'

export interface StoreSide {
  readonly url: string
  readonly process: ServerProcess
}

const clipper = resolve(import.meta.dirname, '../../bin/clipper')

export function startStore(side: SideName, directory: string, port: number): StoreSide {
  const url = `http://127.0.0.1:${port}`
  const data = join(directory, 'data')
  if (side === 'clipper') {
    const args = ['store', '--listen', url, '--data-dir', data]
    return { url, process: new ServerProcess('clipper', directory, clipper, args, directory) }
  }
  const peer = `http://127.0.0.1:${port + 1}`
  const args = [
    ...['--data-dir', data, '--log-level', 'error', '--quota-backend-bytes', String(8 * 1024 ** 3)],
    ...['--listen-client-urls', url, '--advertise-client-urls', url],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
  ]
  return { url, process: new ServerProcess('etcd', directory, 'etcd', args, directory) }
}
