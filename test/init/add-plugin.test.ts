import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addPlugin } from '../../src/init/add-plugin.ts'
import { renderDiff } from '../../src/init/diff.ts'
import { STARTERS } from './_starters.ts'

const ENTRY = 'unplugin-ports/vite'

/** The lines that are new and those that are gone, without the names of hunks. */
async function changesOf(text: string, entry = ENTRY): Promise<string[]> {
  const added = await addPlugin(text, entry)
  if (!('text' in added)) throw new Error(JSON.stringify(added))
  return renderDiff(text, added.text).filter((line) => /^[+-]/.test(line))
}

describe('what starters write', () => {
  const cases: [name: keyof typeof STARTERS, lines: string[]][] = [
    [
      'vite',
      [
        "+import ports from 'unplugin-ports/vite'",
        '-  plugins: [vue()],',
        '+  plugins: [vue(), ports()],',
      ],
    ],
    [
      'rsbuild',
      [
        "+import ports from 'unplugin-ports/rsbuild';",
        '-  plugins: [pluginReact()],',
        '+  plugins: [pluginReact(), ports()],',
      ],
    ],
    ['rspack', ["+import ports from 'unplugin-ports/rspack';", '+    ports(),']],
    ['webpack', ['+import ports from "unplugin-ports/webpack";', '+        ports(),']],
  ]
  test.each(cases)('%s', async (name, lines) => {
    const { text, entry } = STARTERS[name]
    expect(await changesOf(text, entry)).toEqual(lines)
  })
})

describe('shapes', () => {
  const esm = "+import ports from 'unplugin-ports/vite'"
  const cases: [what: string, text: string, lines: string[]][] = [
    [
      'an empty object',
      'export default {}\n',
      [esm, '+', '-export default {}', '+export default {', '+  plugins: [ports()],', '+}'],
    ],
    [
      'an empty list',
      'export default { plugins: [] }\n',
      [esm, '+', '-export default { plugins: [] }', '+export default { plugins: [ports()] }'],
    ],
    [
      'no plugins, no last comma',
      'export default {\n  base: "/x"\n}\n',
      [
        '+import ports from "unplugin-ports/vite"',
        '+',
        '-  base: "/x"',
        '+  base: "/x",',
        '+  plugins: [ports()]',
      ],
    ],
    [
      'a comment behind the last one',
      'export default {\n\tplugins: [\n\t\ta(), // first\n\t\tb() // last\n\t],\n}\n',
      [esm, '+', '-\t\tb() // last', '+\t\tb(), // last', '+\t\tports()'],
    ],
    [
      'only comments in the list',
      "import a from 'a'\nexport default {\n  plugins: [\n    // here\n  ],\n}\n",
      [esm, '+    ports(),'],
    ],
    [
      'CommonJS',
      "'use strict'\nconst path = require('path')\n\nmodule.exports = {\n  plugins: [a()],\n}\n",
      [
        "+const ports = require('unplugin-ports/vite')",
        '-  plugins: [a()],',
        '+  plugins: [a(), ports()],',
      ],
    ],
    [
      'CommonJS without require',
      "'use strict'\nmodule.exports = {\n  plugins: [a],\n};\n",
      [
        "+const ports = require('unplugin-ports/vite');",
        '+',
        '-  plugins: [a],',
        '+  plugins: [a, ports()],',
      ],
    ],
    [
      'a function',
      "import a from 'a'\nexport default defineConfig(async ({ mode }) => {\n  const b = await c(mode)\n  return {\n    plugins: [a(b)],\n  }\n})\n",
      [esm, '-    plugins: [a(b)],', '+    plugins: [a(b), ports()],'],
    ],
    [
      'a short function',
      "import a from 'a'\nexport default defineConfig(({ mode }) => ({ mode, plugins: [a()] }))\n",
      [
        esm,
        '-export default defineConfig(({ mode }) => ({ mode, plugins: [a()] }))',
        '+export default defineConfig(({ mode }) => ({ mode, plugins: [a(), ports()] }))',
      ],
    ],
    [
      'a named constant, satisfies',
      "import a from 'a'\nconst config = { plugins: [a()] } satisfies UserConfig\nexport { config as default }\n",
      [
        esm,
        '-const config = { plugins: [a()] } satisfies UserConfig',
        '+const config = { plugins: [a(), ports()] } satisfies UserConfig',
      ],
    ],
    [
      'filter(Boolean)',
      "import a from 'a'\nexport default { plugins: [dev && a()].filter(Boolean) }\n",
      [
        esm,
        '-export default { plugins: [dev && a()].filter(Boolean) }',
        '+export default { plugins: [dev && a(), ports()].filter(Boolean) }',
      ],
    ],
    [
      'merged ones',
      "const { merge } = require('webpack-merge')\nmodule.exports = merge(common, {\n  mode: 'development',\n})\n",
      ["+const ports = require('unplugin-ports/vite')", '+  plugins: [ports()],'],
    ],
    [
      'several, one with a server',
      "import a from 'a'\nexport default [\n  { name: 'node' },\n  { devServer: {}, plugins: [a()] },\n]\n",
      [
        esm,
        '-  { devServer: {}, plugins: [a()] },',
        '+  { devServer: {}, plugins: [a(), ports()] },',
      ],
    ],
    [
      'the name is taken',
      "import { ports } from './my-ports.js'\nexport default { plugins: [], server: { port: ports.web } }\n",
      [
        "+import unpluginPorts from 'unplugin-ports/vite'",
        '-export default { plugins: [], server: { port: ports.web } }',
        '+export default { plugins: [unpluginPorts()], server: { port: ports.web } }',
      ],
    ],
    [
      '// @ts-check stays on top',
      "// @ts-check\n/** @type {import('vite').UserConfig} */\nexport default {\n  plugins: [],\n}\n",
      [esm, '+', '-  plugins: [],', '+  plugins: [ports()],'],
    ],
  ]
  test.each(cases)('%s', async (_, text, lines) => {
    // Lines side by side are one change, in which what goes comes first.
    expect((await changesOf(text)).toSorted()).toEqual(lines.toSorted())
  })

  test('CRLF and a byte order mark stay', async () => {
    const text =
      '\uFEFFimport a from "a";\r\nexport default {\r\n  plugins: [\r\n    a(),\r\n  ],\r\n};\r\n'
    expect(await addPlugin(text, ENTRY)).toEqual({
      text: '\uFEFFimport a from "a";\r\nimport ports from "unplugin-ports/vite";\r\nexport default {\r\n  plugins: [\r\n    a(),\r\n    ports(),\r\n  ],\r\n};\r\n',
    })
  })
})

describe('refuses', () => {
  const cases: [text: string, why: RegExp][] = [
    [
      'export default ({ mode }) => {\n  if (mode) return { a: 1 }\n  return { b: 1 }\n}',
      /returns in several places/,
    ],
    ["import { plugins } from './p'\nexport default { plugins }", /computed elsewhere/],
    ['export default { plugins: dev ? [a()] : [] }', /computed elsewhere/],
    ["import base from './b'\nexport default { ...base, server: {} }", /spread/],
    ["import base from './b'\nexport default base", /what `base` is/],
    ['let config = {}\nconfig = { a: 1 }\nexport default config', /given its value elsewhere/],
    [
      'const config = {}\nconfig.plugins = load()\nexport default config',
      /given its value elsewhere/,
    ],
    ['export default withSentry({ plugins: [] })', /what withSentry\(\) returns/],
    ['export default dev ? {} : { a: 1 }', /computed/],
    ['module.exports = [{ entry: 1 }, { entry: 2 }]', /2 configs/],
    ['export default {', /can't be parsed/],
    ['console.log(1)', /exports no config/],
    [
      'if (a) module.exports = {}\nmodule.exports = { b: 1 }\nmodule.exports = { c: 1 }',
      /several places/,
    ],
  ]
  test.each(cases)('%j', async (text, why) => {
    const added = await addPlugin(text, ENTRY)
    expect(added).toEqual({ refused: expect.stringMatching(why) })
  })
})

test.each([
  "import ports from 'unplugin-ports/vite'\nexport default { plugins: [ports()] }",
  "const p = require('unplugin-ports/webpack')\nmodule.exports = { plugins: [p()] }",
  "export default async () => ({ plugins: [(await import('unplugin-ports/vite')).default()] })",
])('%j has it already', async (text) => {
  expect(await addPlugin(text, ENTRY)).toEqual({ already: true })
})

test('whatever the layout, every line that was there stays, and a second run finds the first', async () => {
  const space = fc.constantFrom('', ' ', '\n  ', '\n\t', ' // note\n  ', ' /* note */ ')
  const items = fc.array(fc.constantFrom('a()', 'b({ x: [1, 2] })', "'text, } ]'"), {
    maxLength: 3,
  })
  const config = fc.record({ items, space, end: space, comma: fc.boolean(), crlf: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(config, async ({ items, space, end, comma, crlf }) => {
      const list = items.map((item) => `${space}${item}`).join(',')
      const body = `[${list}${comma && items.length > 0 ? ',' : ''}${end}]`
      const lf = `const q = 'x'\nexport default {${space}base: q, plugins: ${body} }\n`
      const text = crlf ? lf.replaceAll('\n', '\r\n') : lf
      const added = await addPlugin(text, ENTRY)
      if (!('text' in added)) throw new Error(`${JSON.stringify(text)}: ${JSON.stringify(added)}`)
      let from = 0
      for (const character of text) {
        from = added.text.indexOf(character, from) + 1
        expect(from).toBeGreaterThan(0)
      }
      expect(added.text.includes('\r\n')).toBe(crlf)
      expect(await addPlugin(added.text, ENTRY)).toEqual({ already: true })
    }),
    { numRuns: 150 },
  )
})
