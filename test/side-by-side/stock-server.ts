/** A stock kube-apiserver over a stock etcd, without controllers, as the measure of the comparison. */
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Pki } from '../../src/apiserver/pki/pki.ts'
import { freePorts } from '../../src/base/testing/free-ports.ts'
import type { Connection } from './connection.ts'
import { issuer, type RunningServer, serviceCidr } from './our-server.ts'

export interface StockBinaries {
  readonly etcd: string
  readonly apiserver: string
}

function onPath(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return join(folder, name)
    } catch {}
  }
  return undefined
}

/** undefined where one of the two is not on PATH. */
export function findStockBinaries(): StockBinaries | undefined {
  const etcd = onPath('etcd')
  const apiserver = onPath('kube-apiserver')
  return etcd && apiserver ? { etcd, apiserver } : undefined
}

const readyWithinMs = 120_000

export async function startStockServer(
  binaries: StockBinaries,
  pki: Pki,
  adminOf: (port: number) => Connection,
  directory: string,
): Promise<RunningServer> {
  const [clientPort, peerPort, port] = (await freePorts(3)) as [number, number, number]
  const files = writeKeys(pki, directory)
  const etcd = start(binaries.etcd, directory, 'etcd', [
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=http://127.0.0.1:${clientPort}`,
    `--advertise-client-urls=http://127.0.0.1:${clientPort}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
    '--unsafe-no-fsync',
    '--log-level=error',
  ])
  const apiserver = start(binaries.apiserver, directory, 'kube-apiserver', [
    `--etcd-servers=http://127.0.0.1:${clientPort}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    // No address of the machine but one that nothing is sent to: loopback is refused here.
    '--advertise-address=192.0.2.1',
    `--tls-cert-file=${files.certificate}`,
    `--tls-private-key-file=${files.key}`,
    `--client-ca-file=${files.ca}`,
    `--service-account-key-file=${files.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--service-account-issuer=${issuer}`,
    `--service-cluster-ip-range=${serviceCidr}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged',
    '--endpoint-reconciler-type=none',
  ])
  const stop = async () => {
    await end(apiserver)
    await end(etcd)
  }
  try {
    await ready(adminOf(port), apiserver, join(directory, 'kube-apiserver.log'))
  } catch (error) {
    await stop()
    throw error
  }
  return { port, stop }
}

function writeKeys(pki: Pki, directory: string) {
  const write = (name: string, text: string) => {
    const path = join(directory, name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  return {
    certificate: write('server.crt', pki.serving.certificatePem),
    key: write('server.key', pki.serving.privateKeyPem),
    ca: write('ca.crt', pki.caPem),
    serviceAccountKey: write('sa.key', pki.serviceAccountKey.privateKeyPem),
    serviceAccountPublicKey: write('sa.pub', pki.serviceAccountKey.publicKeyPem),
  }
}

function start(binary: string, directory: string, name: string, flags: readonly string[]): ChildProcess {
  const log = openSync(join(directory, `${name}.log`), 'w')
  return spawn(binary, flags, { stdio: ['ignore', log, log] })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise(resolve => {
    child.once('exit', resolve)
    child.kill('SIGKILL')
  })
}

async function ready(admin: Connection, child: ChildProcess, log: string): Promise<void> {
  const deadlineMs = Date.now() + readyWithinMs
  try {
    for (;;) {
      const answer = await admin.send({ method: 'GET', path: '/readyz', headers: {} }).catch(() => undefined)
      if (answer?.status === 200) return
      if (child.exitCode !== null || Date.now() > deadlineMs) {
        throw new Error(`kube-apiserver does not become ready:\n${readFileSync(log, 'utf8').slice(-4000)}`)
      }
      await new Promise(resolve => setTimeout(resolve, 200))
    }
  } finally {
    admin.close()
  }
}
