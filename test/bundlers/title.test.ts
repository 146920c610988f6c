import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { get } from '../_utils/http.ts'
import { freePort } from '../_utils/sockets.ts'
import { tempRoot } from '../_utils/temp.ts'
import { HOSTS } from './_in-process.ts'

test.each(Object.entries(HOSTS))('%s: the branch goes before the title', async (_, start) => {
  using root = tempRoot()
  execFileSync('git', ['init', '-q', '-b', 'feature-$&', root.dir])
  root.write({
    'main.js': 'export {}',
    'index.html':
      '<html><head><title>Shop</title></head><body><script type="module" src="/main.js"></script></body></html>',
  })
  const running = await start(root.dir, {
    summary: false,
    titlePrefix: true,
    services: { dev: await freePort() },
  })
  try {
    const { text } = await get(`http://localhost:${running.port}/`)
    expect(text).toContain('<title>[feature-$&amp;] Shop</title>')
  } finally {
    await running.close()
  }
})
