import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import type { Node } from '../api/core/v1/node.ts'
import type { Service } from '../api/core/v1/service.ts'
import type { EndpointSlice } from '../api/discovery/v1/endpoint-slice.ts'
import { loggerOf } from '../base/log.ts'
import { ManualClock } from '../client/testing/manual-clock.ts'
import { HealthPorts, localEndpointsOf } from './health-ports.ts'
import { ProxyMetrics, startStatusServers } from './status-server.ts'

const log = loggerOf('test').child({}, { level: 'silent' })

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

async function get(port: number, path = '/'): Promise<{ status: number; text: string }> {
  for (;;)
    try {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`)
      return { status: answer.status, text: await answer.text() }
    } catch {
      // Not listening yet.
      await new Promise(resolve => setTimeout(resolve, 10))
    }
}

const slice = (...endpoints: object[]) => ({ addressType: 'IPv4', endpoints }) as unknown as EndpointSlice
const on = (node: string, address: string, conditions = {}) => ({ nodeName: node, addresses: [address], conditions })

test('only endpoints of the node that are ready and stay count, each once', () => {
  const slices = [
    slice(on('a', '10.0.0.1'), on('a', '10.0.0.1'), on('b', '10.0.0.2')),
    slice(
      on('a', '10.0.0.3', { ready: false }),
      on('a', '10.0.0.4', { ready: false, terminating: true, serving: true }),
    ),
  ]
  assert.equal(localEndpointsOf(slices, 'a'), 1)
})

test('a load balancer learns at the health check port whether the node has an endpoint', async t => {
  let isHealthy = true
  const ports = new HealthPorts({ nodeName: 'a', clock: new ManualClock(), log, isHealthy: () => isHealthy })
  t.after(() => ports.stop())
  const port = await freePort()
  const service = {
    metadata: { namespace: 'web', name: 's' },
    spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: port },
  } as unknown as Service
  ports.update([service], () => [slice(on('a', '10.0.0.1'))])
  const first = await get(port)
  assert.equal(first.status, 200)
  assert.deepEqual(JSON.parse(first.text), {
    service: { namespace: 'web', name: 's' },
    localEndpoints: 1,
    serviceProxyHealthy: true,
  })
  isHealthy = false
  assert.equal((await get(port)).status, 503)
  isHealthy = true
  ports.update([service], () => [slice(on('b', '10.0.0.1'))])
  assert.equal((await get(port)).status, 503)
  ports.update([], () => [])
  await assert.rejects(fetch(`http://127.0.0.1:${port}/`))
})

test('a port that another program has is opened once it is free', async t => {
  const waits = Promise.withResolvers<void>()
  class NotedClock extends ManualClock {
    override after(delayMs: number, run: () => void) {
      waits.resolve()
      return super.after(delayMs, run)
    }
  }
  const clock = new NotedClock()
  const ports = new HealthPorts({ nodeName: 'a', clock, log, isHealthy: () => true })
  t.after(() => ports.stop())
  const other = createServer()
  await new Promise<void>(resolve => other.listen(0, '0.0.0.0', resolve))
  const { port } = other.address() as { port: number }
  const service = {
    metadata: { namespace: 'web', name: 's' },
    spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: port },
  } as unknown as Service
  ports.update([service], () => [])
  await waits.promise
  await new Promise(resolve => other.close(resolve))
  ports.update([service], () => [slice(on('a', '10.0.0.1'))])
  await clock.advance(30_000)
  assert.equal((await get(port)).status, 200)
})

test('the proxy tells its health, whether the node takes traffic, its mode and its metrics', async t => {
  const [healthPort, metricsPort] = [await freePort(), await freePort()]
  const metrics = new ProxyMetrics()
  metrics.synced(0.01, 1_000)
  let taints: object[] = []
  const servers = startStatusServers(
    {
      clock: new ManualClock(),
      log,
      healthPort,
      metricsPort,
      status: () => ({ isHealthy: true, lastUpdatedMs: 0 }),
      node: () => ({ metadata: {}, spec: { taints } }) as unknown as Node,
    },
    metrics,
  )
  t.after(() => servers.stop())
  const well = await get(healthPort, '/healthz')
  assert.equal(well.status, 200)
  assert.deepEqual(Object.keys(JSON.parse(well.text)), ['lastUpdated', 'currentTime', 'healthy', 'nodeEligible'])
  taints = [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }]
  assert.equal((await get(healthPort, '/healthz')).status, 503)
  assert.equal((await get(healthPort, '/livez')).status, 200)
  assert.deepEqual(await get(metricsPort, '/proxyMode'), { status: 200, text: 'nftables' })
  assert.match((await get(metricsPort, '/metrics')).text, /kubeproxy_sync_proxy_rules_duration_seconds_count 1/)
})
