import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allocations } from '../../src/api.ts'
import { get } from '../_utils/http.ts'
import { freePort } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'
import { HOSTS } from './_in-process.ts'

beforeAll(() => {
  process.env.PORTS = '0'
})
afterAll(() => {
  delete process.env.PORTS
})

test.each(Object.entries(HOSTS))('%s: PORTS=0 leaves the server to itself', async (_, start) => {
  using root = tempRoot()
  root.write({
    'main.js': "import { services } from '~ports'\nconsole.log(services)",
    'index.html': '<title>Shop</title><script type="module" src="/main.js"></script>',
  })
  const api = await freePort()
  const running = await start(root.dir, { titlePrefix: true, services: { api } })
  try {
    const page = await get(`http://localhost:${running.port}/`)
    expect(page.text).toContain('<title>Shop</title>')
    expect(existsSync(join(root.dir, '.env.local'))).toBe(false)
    expect(allocations(root.dir)).toEqual([])
  } finally {
    await running.close()
  }
})
