import { type TempRoot, tempRoot } from '../_utils/temp.ts'
import { npm, pack, sameVersion } from './_pack.ts'

/** For an installation that has to download everything, in milliseconds. */
export const INSTALL_DEADLINE_MS = 180_000

/** A config as a TypeScript user writes it. */
export const TYPESCRIPT_CONFIG = `import { defineConfig } from 'vite'
import ports from 'unplugin-ports/vite'
export default defineConfig({ plugins: [ports({ services: { api: {} } })] })
`

/** A fresh directory outside the repository with the packed package and Vite installed from npm. */
export async function installPackage(): Promise<TempRoot> {
  using tarball = await pack()
  const root = tempRoot()
  root.write({ 'package.json': '{ "private": true, "type": "module" }' })
  const packages = [tarball.file, sameVersion('vite'), sameVersion('@types/node')]
  await npm(['install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], root.dir)
  return root
}
