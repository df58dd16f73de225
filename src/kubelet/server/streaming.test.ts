/** Exec, attach, port-forward and logs against a real container runtime (KEP-4006, kubelet API). */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { ChannelClient, forwardedConnection, spdyCommand, spdyPortForward } from './testing/clients.ts'
import { missingForStreaming, type StreamingNode, startStreamingNode } from './testing/streaming-node.ts'

const missing = missingForStreaming()

suite('streaming to a real container', { skip: missing ?? false, timeout: 60_000 }, () => {
  let node: StreamingNode
  before(async () => {
    node = await startStreamingNode()
  })
  after(() => node?.end())

  const exec = (command: readonly string[], flags = 'output=1&error=1') => ({
    port: node.port,
    path: `/exec/default/web/main?${flags}&${command.map(word => `command=${encodeURIComponent(word)}`).join('&')}`,
  })
  const sh = (script: string, flags?: string) => exec(['sh', '-c', script], flags)
  const v5 = 'v5.channel.k8s.io'

  async function processGone(part: string): Promise<void> {
    while ((await node.processes()).some(process => process.includes(part))) await new Promise(r => setTimeout(r, 20))
  }

  for (const protocol of [v5, 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io'])
    test(`${protocol} has both outputs and the exit code in the status`, async () => {
      const client = await ChannelClient.open(sh('echo out; echo err >&2; exit 7'), protocol)
      const { stdout, stderr, status } = await client.closed
      assert.equal(stdout.toString(), 'out\n')
      assert.equal(stderr.toString(), 'err\n')
      assert.equal(status.status, 'Failure')
      assert.deepEqual(status.details?.causes, [{ reason: 'ExitCode', message: '7' }])
    })

  test('success is a status too, and the oldest protocol has none', async () => {
    assert.equal((await (await ChannelClient.open(sh('true'), v5)).closed).status.status, 'Success')
    assert.equal((await (await ChannelClient.open(sh('true'), 'channel.k8s.io')).closed).statusText, '')
    assert.match((await (await ChannelClient.open(sh('exit 3'), 'channel.k8s.io')).closed).statusText, /exit code 3/)
  })

  test('what is sent at once is not lost, and CLOSE ends the input', async () => {
    const client = await ChannelClient.open(exec(['cat'], 'input=1&output=1'), v5)
    for (let i = 0; i < 100; i += 1) void client.send(0, `line ${i}\n`)
    await client.closeStdin()
    const { stdout, status } = await client.closed
    assert.equal(stdout.toString(), Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join(''))
    assert.equal(status.status, 'Success')
  })

  test('a terminal has the size that the client says, and takes a new one', async () => {
    const client = await ChannelClient.open(sh('while :; do stty size; sleep 0.05; done', 'input=1&output=1&tty=1'), v5)
    await client.send(4, JSON.stringify({ Width: 123, Height: 45 }))
    await client.until('45 123')
    await client.send(4, JSON.stringify({ Width: 81, Height: 24 }))
    await client.until('24 81')
    await client.send(0, '\x03')
    const { status } = await client.closed
    assert.deepEqual(status.details?.causes, [{ reason: 'ExitCode', message: '130' }])
  })

  test('10 MB pass through both ways unchanged, over WebSocket and over SPDY', async () => {
    const input = randomBytes(10 * 1024 * 1024)
    const client = await ChannelClient.open(exec(['cat'], 'input=1&output=1'), v5)
    for (let at = 0; at < input.length; at += 30_000) await client.send(0, input.subarray(at, at + 30_000))
    await client.closeStdin()
    assert.ok((await client.closed).stdout.equals(input))

    const spdy = await spdyCommand(exec(['cat'], 'input=1&output=1'), ['stdin', 'stdout'])
    assert.equal(spdy.headers['x-stream-protocol-version'], 'v4.channel.k8s.io')
    await spdy.streams.stdin?.write(input)
    spdy.streams.stdin?.end()
    const { stdout, status } = await spdy.closed
    assert.ok(stdout.equals(input))
    assert.equal(status.status, 'Success')
  })

  test('a client that does not read holds the command back in bounded memory', async () => {
    const client = await ChannelClient.open(sh('dd if=/dev/zero bs=1M count=200; echo done >&2'), v5)
    client.socket.pause()
    const before = process.memoryUsage()
    await new Promise(resolve => setTimeout(resolve, 700))
    const now = process.memoryUsage()
    assert.ok(now.arrayBuffers - before.arrayBuffers < 20_000_000, `${now.arrayBuffers - before.arrayBuffers} bytes`)
    assert.ok((await node.processes()).some(process => process.includes('count=200')))
    client.socket.terminate()
  })

  test('input for a command that does not read stops the client, in bounded memory', async () => {
    const client = await ChannelClient.open(exec(['sleep', '987'], 'input=1&output=1'), v5)
    const before = process.memoryUsage().arrayBuffers
    const chunk = Buffer.alloc(60_000)
    const stuck = async () => {
      const taken = client.send(0, chunk).then(
        () => false,
        () => true,
      )
      return Promise.race([taken, new Promise<boolean>(resolve => setTimeout(resolve, 500, true))])
    }
    // Linux alone may hold tcp_rmem's 32 MiB and tcp_wmem's 4 MiB of a connection.
    const limit = 60_000_000
    let sent = 0
    while (sent < limit && !(await stuck())) sent += chunk.length
    assert.ok(sent < limit, `${sent} bytes were taken`)
    assert.ok(process.memoryUsage().arrayBuffers - before < 40_000_000)
    client.socket.terminate()
  })

  test('a SPDY command has its exit code and both outputs', async () => {
    const { closed } = await spdyCommand(sh('echo out; echo err >&2; exit 9'), ['stdout', 'stderr'])
    const { stdout, stderr, status } = await closed
    assert.deepEqual([stdout.toString(), stderr.toString()], ['out\n', 'err\n'])
    assert.deepEqual(status.details?.causes, [{ reason: 'ExitCode', message: '9' }])
  })

  test('a client that leaves ends its session in the runtime', async () => {
    for (const kind of ['websocket', 'spdy']) {
      const script = `echo here; cat; echo ${kind}-cat-ended > /tmp/${kind}; exit 0`
      if (kind === 'websocket') {
        const client = await ChannelClient.open(sh(script, 'input=1&output=1'), v5)
        await client.until('here')
        client.socket.terminate()
      } else {
        const { session } = await spdyCommand(sh(script, 'input=1&output=1'), ['stdin', 'stdout'])
        await new Promise(resolve => setTimeout(resolve, 300))
        session.close()
      }
      // The session's end is the end of the command's input.
      await processGone(`${kind}-cat-ended`)
    }
  })

  test('attach shows what the container writes, and reaches its input', async () => {
    const client = await ChannelClient.open(
      { port: node.port, path: '/attach/default/web/main?input=1&output=1&error=1' },
      v5,
    )
    await client.send(0, 'hello attach\n')
    await client.until('hello attach')
    client.socket.close()
    await client.closed
  })

  // containerd 1.6 takes seconds for more than about 15 execs at once, also without us.
  test('a dozen sessions at once', async () => {
    const outputs = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const command = sh(`echo ${i}`)
        const protocol = ['v5.channel.k8s.io', 'v4.channel.k8s.io'][i % 2] ?? ''
        if (i % 3 === 0) return (await (await spdyCommand(command, ['stdout', 'stderr'])).closed).stdout.toString()
        return (await (await ChannelClient.open(command, protocol)).closed).stdout.toString()
      }),
    )
    assert.deepEqual(
      outputs,
      outputs.map((_, i) => `${i}\n`),
    )
  })

  test('a command that is not there is a failure that says so', async () => {
    const { status } = await (await ChannelClient.open(exec(['/no/such']), v5)).closed
    assert.equal(status.status, 'Failure')
    assert.match(status.message ?? '', /no such file/)
  })

  test('upgrades are refused with the reason', async () => {
    const refused = (change: object, protocol = v5) => ChannelClient.open({ ...sh('true'), ...change }, protocol)
    await assert.rejects(refused({ token: 'bad' }), /401: Unauthorized/)
    await assert.rejects(refused({ token: 'weak' }), /403: Forbidden/)
    await assert.rejects(
      refused({ path: '/exec/default/web/other?output=1&command=x' }),
      /container not found \("other"\)/,
    )
    await assert.rejects(refused({ path: '/exec/default/web/main?command=x' }), /400: .*at least 1 of stdin/)
    await assert.rejects(refused({ path: '/portForward/default/none' }, 'SPDY/3.1+portforward.k8s.io'), /with 404/)
    await assert.rejects(refused({ path: '/nowhere' }), /with 404/)
    await assert.rejects(refused({}, 'v9.channel.k8s.io'), /400: unable to negotiate/)
    for (const [token, code] of [
      ['bad', 401],
      ['weak', 403],
    ] as const)
      await assert.rejects(spdyCommand({ ...sh('true'), token }, []), { statusCode: code })
    await assert.rejects(spdyCommand({ ...sh('true'), path: '/exec/default/web/other?output=1&command=x' }, []), {
      statusCode: 500,
    })
  })

  const get = async (path: string, token = 'good') => {
    const outgoing = request({
      host: '127.0.0.1',
      port: node.port,
      path,
      rejectUnauthorized: false,
      headers: { Authorization: `Bearer ${token}` },
      agent: false,
    }).end()
    const [response] = await once(outgoing, 'response')
    let text = ''
    for await (const part of response) text += part
    return { code: response.statusCode as number, text }
  }

  test('plain requests are answered or refused', async () => {
    assert.deepEqual(await get('/healthz'), { code: 200, text: 'ok' })
    assert.deepEqual(await get('/healthz', 'bad'), { code: 401, text: 'Unauthorized' })
    assert.equal((await get('/pods', 'weak')).code, 403)
    assert.equal((await get('/nowhere')).code, 404)
    assert.equal((await get('/exec/default/web/main?command=x')).code, 400)
    assert.equal((await get('/containerLogs/default/web/other')).code, 400)
    assert.equal((await get('/containerLogs/default/web/main?tailLines=x')).code, 400)
    assert.match((await get('/containerLogs/default/web/main?limitBytes=7')).text, /^started$/)
  })

  async function listener(onConnection: (socket: Socket) => void) {
    const server = createServer({ allowHalfOpen: true }, onConnection)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { port: (server.address() as AddressInfo).port, server }
  }

  for (const tunnel of [false, true])
    test(`ports are forwarded over SPDY ${tunnel ? 'inside of a WebSocket' : 'itself'}`, async () => {
      const sockets: Socket[] = []
      const { port, server } = await listener(socket => {
        sockets.push(socket)
        socket.pipe(socket)
      })
      const closedPort = (server.address() as AddressInfo).port
      const session = await spdyPortForward({ port: node.port, path: '/portForward/default/web' }, tunnel)
      const input = randomBytes(10 * 1024 * 1024)
      const connections = [0, 1, 2].map(id => forwardedConnection(session, port, id))
      await Promise.all(
        connections.map(async ({ data }, i) => {
          await data.write(i === 0 ? input : Buffer.from(`hello ${i}`))
          data.end()
        }),
      )
      const results = await Promise.all(connections.map(({ ended }) => ended))
      assert.ok(results[0]?.received.equals(input))
      assert.deepEqual(
        results.slice(1).map(({ received }) => received.toString()),
        ['hello 1', 'hello 2'],
      )
      server.close()
      await once(server, 'close')
      const refused = forwardedConnection(session, closedPort, 9)
      refused.data.end()
      assert.match((await refused.ended).error, /refused/)
      session.close()
    })

  test('a forwarded connection ends when its client goes', async () => {
    const gone = Promise.withResolvers<void>()
    const { port, server } = await listener(socket => {
      socket.write('hi')
      socket.resume()
      socket.on('close', () => gone.resolve())
      socket.on('end', () => socket.end())
    })
    for (const tunnel of [false, true]) {
      const session = await spdyPortForward({ port: node.port, path: '/portForward/default/web' }, tunnel)
      const { data } = forwardedConnection(session, port, 0)
      await data.write(Buffer.from('x'))
      await once(server, 'connection')
      session.close()
      await gone.promise
    }
    server.close()
  })

  test('ports are forwarded by channels of a WebSocket', async () => {
    const { port, server } = await listener(socket => socket.pipe(socket))
    const client = await ChannelClient.open(
      { port: node.port, path: `/portForward/default/web?port=${port}` },
      'v4.channel.k8s.io',
    )
    const received: Buffer[] = []
    const total = () => Buffer.concat(received)
    const begun: number[] = []
    client.onData = (channel, data) => {
      if (begun.length < 2) begun.push(channel)
      if (channel === 0) received.push(Buffer.from(data))
    }
    const input = randomBytes(300_000)
    await client.send(0, input)
    while (total().length < input.length + 2) await once(client.socket, 'message')
    assert.equal(total().readUInt16LE(0), port)
    assert.deepEqual(begun, [0, 1])
    const sum = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')
    assert.equal(sum(total().subarray(2)), sum(input))
    client.socket.close()
    await client.closed
    server.close()
  })

  test('a followed log ends with the client, and with the container', async () => {
    const outgoing = request({
      host: '127.0.0.1',
      port: node.port,
      path: '/containerLogs/default/web/main?follow=true',
      rejectUnauthorized: false,
      headers: { Authorization: 'Bearer good' },
      agent: false,
    }).end()
    const [response] = await once(outgoing, 'response')
    const [first] = await once(response, 'data')
    assert.match(first.toString(), /^started\n/)
    node.live = false
    await once(response, 'end')
    node.live = true
  })
})
