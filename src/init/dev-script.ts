import { appendItem, insertAll } from './edits.ts'
import { propertyOf } from './find-config.ts'
import type { Manifest } from './manifest.ts'
import { nodeOf, nodesOf, parseSource } from './syntax.ts'

/** Names of scripts that projects start their dev server with. */
const DEV_SCRIPTS = ['dev', 'start', 'serve', 'develop']
const HEAD = 'export default '

/**
 * The text of a `package.json` with a `dev` script, for a project that has none of that kind.
 *
 * @param command What starts the bundler's dev server.
 * @returns `undefined` when it has such a script, or a layout that can't be added to.
 */
export async function addDevScript(
  { text, scripts }: Manifest,
  command: string,
): Promise<string | undefined> {
  const [program = ''] = command.split(' ')
  const starts = Object.entries(scripts).some(
    ([name, line]) => DEV_SCRIPTS.includes(name) || line.startsWith(`${program} serve`),
  )
  // With a byte order mark in its middle nothing could be read.
  if (starts || text.startsWith('\uFEFF')) return undefined
  const code = HEAD + text
  const source = await parseSource(code)
  const object = source.body[0] && nodeOf(source.body[0], 'declaration')
  if (object?.type !== 'ObjectExpression') return undefined
  const found = propertyOf(object, 'scripts')
  const list = found && nodeOf(found, 'value')
  if (found && list?.type !== 'ObjectExpression') return undefined
  const script = `"dev": ${JSON.stringify(command)}`
  const insertions = list
    ? appendItem(source.text, list, nodesOf(list, 'properties'), script, false)
    : appendItem(
        source.text,
        object,
        nodesOf(object, 'properties'),
        `"scripts": { ${script} }`,
        false,
      )
  const changed = insertAll(code, insertions).slice(HEAD.length)
  return isJson(changed) ? changed : undefined
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
