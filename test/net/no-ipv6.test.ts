import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { start } from '../_utils/children.ts'
import { repo, tempRoot } from '../_utils/temp.ts'

/** A network of its own without IPv6 needs root, util-linux and iproute2. */
function canUnshare(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  if (!existsSync('/proc/sys/net/ipv6/conf/lo/disable_ipv6')) return false
  try {
    execFileSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up'])
    return true
  } catch {
    return false
  }
}

test('without IPv6 ports are chosen, held and handed over all the same', async ({ skip }) => {
  if (!canUnshare()) skip('a network namespace cannot be made here')
  using root = tempRoot()
  root.write({
    'run.mjs': `
      import { createServer } from 'node:http'
      import { networkInterfaces } from 'node:os'
      import { reserve } from ${JSON.stringify(join(repo, 'dist/api.mjs'))}
      console.log('addresses', Object.values(networkInterfaces()).flat().map((a) => a.address).join(' '))
      const taken = createServer().listen(8100, '127.0.0.1', async () => {
        const held = await reserve({ services: {
          local: { range: [8100, 8101] }, all: { preferred: 8102, host: true } } })
        const { local, all } = held.services
        for (const service of [local, all]) service.adoptInto(createServer((q, s) => s.end('ok ' + service.service)))
        console.log('ports', local.port, all.port)
        for (const service of [local, all]) console.log(await (await fetch('http://127.0.0.1:' + service.port)).text())
        await reserve({ services: { six: { preferred: 8103, host: '::1' } } })
          .catch((error) => console.log(error.code))
        process.exit()
      })`,
  })
  const script = `ip link set lo up && echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 && exec "$0" run.mjs`
  await using child = start('unshare', ['--net', 'sh', '-c', script, process.execPath], {
    cwd: root.dir,
  })
  expect((await child.ended).code, child.output()).toBe(0)
  expect(child.output().split('\n')).toEqual([
    'addresses 127.0.0.1',
    'ports 8101 8102',
    'ok local',
    'ok all',
    'PORTS_NO_ADDRESS',
    '',
  ])
})
