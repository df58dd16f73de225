/** Drivers register by a socket in `plugins_registry/` (documentation: "Device Plugins and CSI registration", kubelet's plugin watcher). */
import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Timer } from '../../base/clock.ts'
import { GrpcChannel } from '../../base/grpc/grpc-channel.ts'
import type { Logger } from '../../base/log.ts'
import { decodeMessage } from '../../schema/protobuf-decode.ts'
import { encodeMessage } from '../../schema/protobuf-encode.ts'
import { CsiDriver } from './csi-driver.ts'
import type { CsiNodeWriter } from './csi-node.ts'
import { InfoRequest, PluginInfo, RegistrationStatus } from './messages.ts'

/** Who is there but not ready is asked again so soon; else changes of the directory wake this. */
const retryMs = 1_000
const everyMs = 60_000
const callTimeoutMs = 10_000
/** Sockets looked at: more are not ours. */
const maxSockets = 100
const service = '/pluginregistration.Registration/'
const csiType = 'CSIPlugin'
const csiVersion = /^v?1(\.\d+)*$/

export interface PluginWatcherOptions {
  readonly directory: string
  readonly node: CsiNodeWriter
  readonly clock: Clock
  readonly log: Logger
}

interface Registered {
  /** Of the socket: a driver that starts again makes another. */
  readonly mark: string
  readonly driver: CsiDriver | undefined
}

export class PluginWatcher {
  readonly #options: PluginWatcherOptions
  /** By socket. */
  readonly #known = new Map<string, Registered>()
  #timer: Timer | undefined
  #watcher: FSWatcher | undefined
  #looking: Promise<boolean> | undefined
  #changed = false
  #stopped = false

  constructor(options: PluginWatcherOptions) {
    this.#options = options
  }

  driver(name: string): CsiDriver {
    for (const { driver } of this.#known.values()) if (driver?.name === name) return driver
    throw new Error(`driver name ${name} not found in the list of registered CSI drivers`)
  }

  start(): void {
    this.#watcher = watch(this.#options.directory, () => this.#wake()).on('error', () => {})
    this.#wake()
  }

  #wake(): void {
    this.#changed = true
    if (this.#looking || this.#stopped) return
    this.#timer?.cancel()
    this.#changed = false
    this.#looking = this.look()
    void this.#looking.then(areAllKnown => {
      this.#looking = undefined
      if (this.#stopped) return
      if (this.#changed) this.#wake()
      else this.#timer = this.#options.clock.after(areAllKnown ? everyMs : retryMs, () => this.#wake())
    })
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    this.#watcher?.close()
    for (const { driver } of this.#known.values()) driver?.close()
  }

  /** Registers who is new, and forgets who is gone. False where somebody is not ready yet. */
  async look(): Promise<boolean> {
    let areAllKnown = true
    const sockets = this.#sockets()
    for (const [path, { driver }] of this.#known)
      if (!sockets.has(path)) {
        this.#known.delete(path)
        driver?.close()
        if (driver) await this.#tell(() => this.#options.node.remove(driver.name), driver.name)
      }
    for (const [path, mark] of sockets) {
      const known = this.#known.get(path)
      if (known?.mark === mark) continue
      known?.driver?.close()
      this.#known.delete(path)
      try {
        const driver = await this.#register(path)
        if (this.#stopped) return true
        this.#known.set(path, { mark, driver })
      } catch (error) {
        areAllKnown = false
        this.#options.log.info({ socket: path, error: (error as Error).message }, 'a plugin is not registered yet')
      }
    }
    return areAllKnown
  }

  #sockets(): Map<string, string> {
    const { directory } = this.#options
    const found = new Map<string, string>()
    try {
      for (const name of readdirSync(directory).slice(0, maxSockets)) {
        const path = join(directory, name)
        const stats = statSync(path, { throwIfNoEntry: false })
        if (stats?.isSocket()) found.set(path, `${stats.ino}/${stats.ctimeMs}`)
      }
    } catch {
      // Not there yet.
    }
    return found
  }

  /** Undefined for plugins of other types, which are left alone. */
  async #register(path: string): Promise<CsiDriver | undefined> {
    const channel = new GrpcChannel({ socketPath: path })
    try {
      const call = (method: string, bytes: Uint8Array) =>
        channel.unary(`${service}${method}`, bytes, { timeoutMs: callTimeoutMs })
      const info = decodeMessage(PluginInfo, await call('GetInfo', encodeMessage(InfoRequest, {})))
      if (info.type !== csiType) return undefined
      const answer = async (error?: string) => {
        const status = error === undefined ? { pluginRegistered: true } : { error }
        await call('NotifyRegistrationStatus', encodeMessage(RegistrationStatus, status))
      }
      const name = info.name ?? ''
      if (!(info.supportedVersions ?? []).some(version => csiVersion.test(version))) {
        await answer(`plugin ${name} supports none of the versions [1.0.0]`)
        return undefined
      }
      const driver = new CsiDriver(name, info.endpoint || path)
      try {
        await this.#options.node.add(name, await driver.info())
        await answer()
      } catch (error) {
        driver.close()
        await answer((error as Error).message)
        throw error
      }
      this.#options.log.info({ driver: name }, 'CSI driver registered')
      return driver
    } finally {
      channel.close()
    }
  }

  async #tell(write: () => Promise<void>, driver: string): Promise<void> {
    try {
      await write()
      this.#options.log.info({ driver }, 'CSI driver gone')
    } catch (error) {
      this.#options.log.warn({ driver, error: (error as Error).message }, 'CSINode not written')
    }
  }
}
