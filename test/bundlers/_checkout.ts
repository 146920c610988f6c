import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { type Child, startNode } from '../_utils/children.ts'
import { repo, tempRoot, type TempRoot } from '../_utils/temp.ts'

const api = join(repo, 'test/fixtures/programs/api.mjs')

/** A git checkout with an app, whose package.json names a script `api`. */
export function checkout(branch = 'mine'): TempRoot {
  const root = tempRoot()
  execFileSync('git', ['init', '-q', '-b', branch, root.dir])
  root.write({
    'main.js': 'export {}',
    'index.html': '<script type="module" src="/main.js"></script>',
    'package.json': JSON.stringify({ type: 'module', scripts: { api: 'node api.js' } }),
  })
  return root
}

/** An API that works in the checkout, answers with `name` and prints what it is asked for. */
export async function startApi(root: TempRoot, port: number, name: string): Promise<Child> {
  const env = { API_PORT: String(port), API_LOG: '1' }
  const child = startNode([api, name], { cwd: root.dir, env })
  await child.sees(new RegExp(`api on ${port}`))
  return child
}
