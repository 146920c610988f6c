import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { DatagramHold, MAX_KEPT_MESSAGES } from '../../src/net/datagram-hold.ts'
import { bindDatagram, freeUdpPort, receive, send } from '../_utils/datagrams.ts'
import { hasIPv6 } from '../_utils/sockets.ts'
import { until } from '../_utils/until.ts'

const addresses = ['127.0.0.1', '0.0.0.0', ...(hasIPv6 ? ['::1', '::', undefined] : [undefined])]

test.each(addresses)('binds %s in the same tick, and nobody else can', async (address) => {
  const port = await freeUdpPort()
  const [hold, second] = [new DatagramHold(), new DatagramHold()]
  expect(hold.bind(port, address).ok).toBe(true)
  const refused = second.bind(port, address)
  expect(refused).toMatchObject({ ok: false })
  expect(await (refused as { reason: Promise<string> }).reason).toBe('in-use')
  await expect(bindDatagram(port, address)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  hold.close()
  hold.close()
  expect(second.bind(port, address).ok).toBe(true)
  second.close()
})

test('a failure says why', async () => {
  const port = await freeUdpPort()
  const outcome = new DatagramHold().bind(port, '192.0.2.1')
  expect(await (outcome as { reason: Promise<string> }).reason).toBe('no-address')
})

test('all interfaces means both families', async () => {
  const port = await freeUdpPort()
  const hold = new DatagramHold()
  hold.bind(port, undefined)
  await send(port, '127.0.0.1', 'four')
  if (hasIPv6) await send(port, '::1', 'six')
  await until(() => hold.waiting === (hasIPv6 ? 2 : 1))
  hold.close()
})

test('what came before the handover is given on in order, and then what comes after', async () => {
  const port = await freeUdpPort()
  const hold = new DatagramHold()
  hold.bind(port, '127.0.0.1')
  await send(port, '127.0.0.1', 'one')
  await until(() => hold.waiting === 1)
  await send(port, '127.0.0.1', 'two')
  await until(() => hold.waiting === 2)
  const socket = hold.take()
  const got = receive(socket)
  await send(port, '127.0.0.1', 'three')
  await until(() => got.length === 3)
  expect(got).toEqual(['one', 'two', 'three'])
  // The hold has nothing to do with it any more.
  hold.close()
  expect(socket.address().port).toBe(port)
  await closed(socket)
})

test('a flood is kept up to a limit', async () => {
  const port = await freeUdpPort()
  const hold = new DatagramHold()
  hold.bind(port, '127.0.0.1')
  await until(async () => {
    await Promise.all(Array.from({ length: 50 }, () => send(port, '127.0.0.1', 'x')))
    return hold.waiting >= MAX_KEPT_MESSAGES
  })
  await send(port, '127.0.0.1', 'one more')
  expect(hold.waiting).toBe(MAX_KEPT_MESSAGES)
  hold.close()
})

test('a socket taken twice is a mistake of ours', () => {
  expect(() => new DatagramHold().take()).toThrow('not bound')
})

test('a stranger that shares addresses with others does not get in', async () => {
  const port = await freeUdpPort()
  const hold = new DatagramHold()
  hold.bind(port, '127.0.0.1')
  const stranger = createSocket({ type: 'udp4', reuseAddr: true })
  stranger.bind(port, '127.0.0.1')
  const [error] = (await once(stranger, 'error')) as [NodeJS.ErrnoException]
  expect(error.code).toBe('EADDRINUSE')
  hold.close()
})

async function closed(socket: Socket): Promise<void> {
  socket.close()
  await once(socket, 'close')
}
