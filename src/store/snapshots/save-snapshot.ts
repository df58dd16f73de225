/** Takes a snapshot of a store that others may be using, in this process or another. */
import { open } from 'node:fs/promises'
import type { ClientTls } from '../../base/grpc/grpc-channel.ts'
import { GrpcChannel } from '../../base/grpc/grpc-channel.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { runMaintenance } from '../embedded/maintenance.ts'
import { targetsOf } from '../etcd/endpoints.ts'
import { SnapshotResponse } from '../etcd-api/maintenance-messages.ts'
import { type SnapshotInfo, writeSnapshot } from './snapshot-file.ts'

export type SnapshotSource =
  | { readonly is: 'embedded'; readonly directory: string }
  | { readonly is: 'etcd'; readonly servers: readonly string[]; readonly tls: ClientTls }

/** One member's whole database: a member that sends nothing for so long is given up. */
const silenceMs = 60_000
const maxMessageBytes = 8 << 20

/** Consistent: everything up to one revision and nothing after it, however busy the store is. Throws SnapshotError. */
export function saveSnapshot(source: SnapshotSource, target: string): Promise<SnapshotInfo> {
  if (source.is === 'embedded') {
    return writeSnapshot(target, false, async file => {
      await runMaintenance({ type: 'snapshot', directory: source.directory, file }).answer
    })
  }
  return writeSnapshot(target, true, file => download(source, file))
}

/** From the first member that answers. Its checksum comes last, so what breaks off is noticed. */
async function download({ servers, tls }: SnapshotSource & { is: 'etcd' }, file: string): Promise<void> {
  let failure: Error | undefined
  for (const target of targetsOf(servers, tls)) {
    const channel = new GrpcChannel(target, { maxMessageBytes, keepAliveMs: 10_000 })
    try {
      await downloadFrom(channel, file)
      return
    } catch (error) {
      failure = error as Error
    } finally {
      channel.close()
    }
  }
  throw failure
}

async function downloadFrom(channel: GrpcChannel, file: string): Promise<void> {
  const handle = await open(file, 'w', 0o600)
  const silence = new AbortController()
  let timer = setTimeout(() => silence.abort(), silenceMs)
  let written: Promise<unknown> = Promise.resolve()
  try {
    await channel.stream(
      '/etcdserverpb.Maintenance/Snapshot',
      new Uint8Array(0),
      bytes => {
        clearTimeout(timer)
        timer = setTimeout(() => silence.abort(), silenceMs)
        const { blob } = decodeMessage(SnapshotResponse, bytes, maxMessageBytes)
        if (blob) written = written.then(() => handle.write(blob))
        written.catch(() => silence.abort())
      },
      { signal: silence.signal },
    )
    await written
  } finally {
    clearTimeout(timer)
    await written.catch(() => {})
    await handle.close()
  }
}
