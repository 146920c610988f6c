import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addPlugin } from '../../src/init/add-plugin.ts'
import { repo } from '../_utils/temp.ts'
import { codeOf } from './_snippets.ts'

test('what the page shows is what the command makes of it', async () => {
  const { snippets, blocks } = codeOf(readFileSync(join(repo, 'docs/init.md'), 'utf8'))
  const [before, after] = snippets
  expect([before?.file, after?.file, blocks]).toEqual(['vite.config.js', 'vite.config.js', 2])
  expect(await addPlugin(before?.code ?? '', 'unplugin-ports/vite')).toEqual({ text: after?.code })
})
