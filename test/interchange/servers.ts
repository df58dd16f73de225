/** The servers of an interchange test, stock and ours, with one directory and the keys that lie in it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clipperCommand } from '../../bench/sides/executables.ts'
import { ServerProcess, untilReady } from '../../bench/sides/server-process.ts'
import { run } from '../e2e/test-cluster.ts'

const serviceCidr = '10.97.0.0/16'

export class Servers {
  readonly directory: string
  /** Our API server's data directory. */
  readonly data: string
  readonly #name: string
  readonly #processes: ServerProcess[] = []

  constructor(name: string) {
    this.#name = name
    this.directory = mkdtempSync(join(tmpdir(), `clipper-${name}-`))
    this.data = join(this.directory, 'clipper')
  }

  /** The path of a key or certificate. */
  pki(file: string): string {
    return join(this.data, 'pki', file)
  }

  start(name: string, command: string, args: readonly string[]): ServerProcess {
    const one = new ServerProcess(name, this.directory, command, args, this.directory)
    this.#processes.push(one)
    return one
  }

  startStore(url: string, directory: string): ServerProcess {
    return this.start('store', clipperCommand, ['store', '--listen', url, '--data-dir', directory])
  }

  startStockApi(port: number, storeUrl: string, more: readonly string[] = []): ServerProcess {
    return this.start('kube-apiserver', 'kube-apiserver', [
      ...[`--etcd-servers=${storeUrl}`, `--secure-port=${port}`, '--bind-address=127.0.0.1'],
      ...['--advertise-address=192.0.2.1', `--service-cluster-ip-range=${serviceCidr}`],
      '--authorization-mode=Node,RBAC',
      ...[`--tls-cert-file=${this.pki('apiserver.crt')}`, `--tls-private-key-file=${this.pki('apiserver.key')}`],
      ...[`--client-ca-file=${this.pki('ca.crt')}`, `--service-account-key-file=${this.pki('sa.pub')}`],
      `--service-account-signing-key-file=${this.pki('sa.key')}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      ...more,
    ])
  }

  startOurApi(port: number, more: readonly string[]): ServerProcess {
    return this.start('clipper', clipperCommand, [
      ...['apiserver', '--name', `${this.#name}-${process.pid}`, '--data-dir', this.data, '--node-name', 'node1'],
      ...['--node-address', '192.0.2.1', '--api-port', String(port), '--service-cidr', serviceCidr],
      ...more,
    ])
  }

  /** `access`: the flags by which kubectl reaches the API server. */
  async ready(server: ServerProcess, access: readonly string[]): Promise<void> {
    const args = [...access, 'get', '--raw', '/readyz']
    await untilReady(server.name, [server], async () => (await run('kubectl', args)).code === 0)
  }

  async end(): Promise<void> {
    for (const one of this.#processes.toReversed()) await one.stop()
    rmSync(this.directory, { recursive: true })
  }
}
